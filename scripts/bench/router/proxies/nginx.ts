import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Setting } from '#scripts/bench/router/setting.ts'
import { startPeer } from './proxy.ts'
import type { Ports, Proxy } from './proxy.ts'

/** One worker; no access log; bodies stay in memory, as with the others. */
export function startNginx(setting: Setting): Promise<Proxy> {
  const folder = join(setting.folder, 'nginx')
  mkdirSync(folder)
  const path = join(folder, 'nginx.conf')
  return startPeer('nginx', (ports) => {
    writeFileSync(path, config(setting, ports))
    return { command: 'nginx', args: ['-c', path, '-p', folder, '-e', 'stderr'] }
  })
}

function config({ appPort, echoPort, certificate }: Setting, ports: Ports): string {
  return `
daemon off;
user root;
pid nginx.pid;
worker_processes 1;
events { worker_connections 15000; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  client_max_body_size 0;
  client_body_buffer_size 128k;
  proxy_max_temp_file_size 0;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  tcp_nodelay on;
  ssl_certificate ${certificate.cert};
  ssl_certificate_key ${certificate.key};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:10m;
  upstream app { server 127.0.0.1:${appPort}; keepalive 512; keepalive_requests 100000000; }
  upstream echo { server 127.0.0.1:${echoPort}; }
  proxy_http_version 1.1;
  server {
    listen 127.0.0.1:${ports.http} backlog=65535;
    listen 127.0.0.1:${ports.https} ssl http2 backlog=65535;
    server_name localhost;
    location / {
      proxy_set_header Connection "";
${fields}
      proxy_pass http://app;
    }
  }
  server {
    listen 127.0.0.1:${ports.http};
    server_name ws.localhost;
    location / {
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
${fields}
      proxy_read_timeout 300s;
      proxy_pass http://echo;
    }
  }
}
`
}

/** What our router tells an app, the peers tell it too. */
const fields = [
  'Host $host',
  'X-Forwarded-For $remote_addr',
  'X-Forwarded-Proto $scheme',
  'X-Forwarded-Port $server_port',
  'X-Forwarded-Host $http_host',
  'X-Request-Id $request_id',
  'X-Request-Start $msec',
  'Via "$server_protocol nginx"',
]
  .map((field) => `      proxy_set_header ${field};`)
  .join('\n')
