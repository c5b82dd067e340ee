import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Setting } from '#scripts/bench/router/setting.ts'
import { startPeer } from './proxy.ts'
import type { Ports, Proxy } from './proxy.ts'

/** One thread; connections to the app are shared by all requests. */
export function startHaproxy(setting: Setting): Promise<Proxy> {
  const path = join(setting.folder, 'haproxy.cfg')
  return startPeer('haproxy', (ports) => {
    writeFileSync(path, config(setting, ports))
    return { command: 'haproxy', args: ['-db', '-f', path] }
  })
}

function config({ appPort, echoPort, certificate }: Setting, ports: Ports): string {
  return `
global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout tunnel 300s
  option http-keep-alive
  http-reuse always
frontend edge
  bind 127.0.0.1:${ports.http} backlog 65535
  bind 127.0.0.1:${ports.https} backlog 65535 ssl crt ${certificate.both} alpn h2,http/1.1
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port ${ports.http}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Request-Id %[uuid()]
  http-request set-header X-Request-Start t=%[date()]
  http-request set-header Via "1.1 haproxy"
  use_backend echo if { req.hdr(host) -i ws.localhost }
  default_backend app
backend app
  server app 127.0.0.1:${appPort} pool-max-conn -1
backend echo
  server echo 127.0.0.1:${echoPort} pool-max-conn -1
`
}
