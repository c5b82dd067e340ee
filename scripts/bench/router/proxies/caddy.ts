import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Setting } from '#scripts/bench/router/setting.ts'
import { startPeer } from './proxy.ts'
import type { Ports, Proxy } from './proxy.ts'

/** One thread of Go at a time; no access log. */
export function startCaddy(setting: Setting): Promise<Proxy> {
  const folder = join(setting.folder, 'caddy')
  mkdirSync(folder)
  const path = join(folder, 'Caddyfile')
  const env = { GOMAXPROCS: '1', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  return startPeer('caddy', (ports) => {
    writeFileSync(path, config(setting, ports))
    return { command: 'caddy', args: ['run', '--config', path, '--adapter', 'caddyfile'], env }
  })
}

/** Its own X-Forwarded-For, -Proto and -Host; the others are asked for. */
function config({ appPort, certificate }: Setting, ports: Ports): string {
  return `{
  admin off
  auto_https off
  default_bind 127.0.0.1
  servers {
    protocols h1 h2
  }
}
(edge) {
  reverse_proxy 127.0.0.1:${appPort} {
    header_up X-Forwarded-Port {server_port}
    header_up X-Request-Id {http.request.uuid}
    header_up X-Request-Start {time.now.unix_ms}
    transport http {
      keepalive_idle_conns_per_host 512
    }
  }
}
http://localhost:${ports.http} {
  import edge
}
https://localhost:${ports.https} {
  tls ${certificate.cert} ${certificate.key}
  import edge
}
`
}
