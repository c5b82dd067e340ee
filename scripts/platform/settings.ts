import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { port, text } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'

/** Where a platform on one host lives and listens. */
export interface Platform {
  readonly stateDir: string
  readonly instance: string
  readonly domain: string
  readonly sshPort: number
  readonly apiPort: number
  readonly httpPort: number
  /** What the three programs are started with. */
  readonly env: Record<string, string>
}

const hostBundle = '/etc/ssl/certs/ca-certificates.crt'

/** Throws SettingError. Containers trust what the host trusts unless SLIPWAY_CA_BUNDLE says otherwise. */
export function readPlatform(env: Environment): Platform {
  const stateDir = resolve(text(env, 'SLIPWAY_STATE', '/var/lib/slipway'))
  const given = Object.entries(env).filter((entry): entry is [string, string] => !!entry[1])
  const bundle = existsSync(hostBundle) ? { SLIPWAY_CA_BUNDLE: hostBundle } : {}
  return {
    stateDir,
    instance: text(env, 'SLIPWAY_INSTANCE', 'main'),
    domain: text(env, 'SLIPWAY_DOMAIN', 'localhost'),
    sshPort: port(env, 'SLIPWAY_SSH_PORT', 2222),
    apiPort: port(env, 'SLIPWAY_API_PORT', 8000),
    httpPort: port(env, 'SLIPWAY_HTTP_PORT', 8080),
    env: { ...bundle, ...peers(env), ...Object.fromEntries(given), SLIPWAY_STATE: stateDir },
  }
}

/** Where the programs of one host find each other. */
function peers(env: Environment): Record<string, string> {
  return {
    SLIPWAY_CONTROLLER_URL: `http://127.0.0.1:${port(env, 'SLIPWAY_API_PORT', 8000)}`,
    SLIPWAY_BUILDER_URL: `http://127.0.0.1:${port(env, 'SLIPWAY_BUILDER_PORT', 8002)}`,
    SLIPWAY_ROUTER_ADMIN_URL: `http://127.0.0.1:${port(env, 'SLIPWAY_ROUTER_ADMIN_PORT', 8001)}`,
  }
}

export function keyPath(platform: Platform, name: string): string {
  return join(platform.stateDir, 'keys', name)
}

export function apiUrl(platform: Platform): string {
  return `http://127.0.0.1:${platform.apiPort}`
}
