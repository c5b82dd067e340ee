import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCore, freePort, start, untilItListens } from './program.ts'
import type { Program } from './program.ts'

/** All that the proxies have in common: what they stand in front of, and the certificate they show. */
export interface Setting {
  readonly folder: string
  /** A static nginx, for the host `localhost`. */
  readonly appPort: number
  /** Echoes WebSockets and sends chunks, for the host `ws.localhost`; a part of the tool. */
  readonly echoPort: number
  /** Files in PEM; `both` is certificate and key. */
  readonly certificate: { readonly cert: string; readonly key: string; readonly both: string }
  /** The program built from `load/`. */
  readonly tool: string
  close(): Promise<void>
}

/** Needs nginx, openssl and go. `folder` is empty and the caller's to remove. */
export async function openSetting(folder: string): Promise<Setting> {
  const tool = buildTool(folder)
  const [appPort, echoPort] = [await freePort(), await freePort()]
  const echo = start({ core: loadCore, command: tool, args: ['app', `127.0.0.1:${echoPort}`] })
  const app = startApp(folder, appPort)
  const close = async (): Promise<void> => {
    await Promise.all([app.stop(), echo.stop()])
  }
  try {
    await untilItListens(echoPort, echo)
    await untilItListens(appPort, app)
  } catch (error) {
    await close()
    throw error
  }
  return {
    folder,
    appPort,
    echoPort,
    certificate: makeCertificate(folder),
    tool,
    close,
  }
}

function buildTool(folder: string): string {
  const tool = join(folder, 'load')
  const cwd = join(import.meta.dirname, 'load')
  execFileSync('go', ['build', '-o', tool, '.'], { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  return tool
}

/** ECDSA on P-256, as the usual authorities issue to who asks for nothing else. */
function makeCertificate(folder: string): Setting['certificate'] {
  const [cert, key, both] = ['cert', 'key', 'both'].map((name) => join(folder, `${name}.pem`)) as [
    string,
    string,
    string,
  ]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7']
  const names = 'subjectAltName=DNS:localhost,DNS:*.localhost'
  const about = ['-subj', '/CN=localhost', '-addext', names, '-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', ...kind, ...about], { stdio: 'ignore' })
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
  return { cert, key, both }
}

function startApp(folder: string, port: number): Program {
  const root = join(folder, 'app')
  mkdirSync(root)
  for (const [name, size] of Object.entries(files))
    writeFileSync(join(root, name), Buffer.alloc(size, 'x'))
  const path = join(folder, 'app.conf')
  writeFileSync(path, appConfig(root, port))
  return start({ core: loadCore, command: 'nginx', args: ['-c', path, '-p', root, '-e', 'stderr'] })
}

const files = { '16k': 16_384, '100k': 102_400, '1m': 1_048_576, '10m': 10_485_760 }

function appConfig(root: string, port: number): string {
  return `
daemon off;
user root;
pid app.pid;
worker_processes 1;
events { worker_connections 15000; }
http {
  access_log off;
  client_body_temp_path body;
  default_type text/plain;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  client_max_body_size 0;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=100;
  server {
    listen 127.0.0.1:${port} backlog=65535;
    root ${root};
    location = /small { return 200 "${'x'.repeat(512)}"; }
    location = /sink { return 200 "ok"; }
  }
}
`
}
