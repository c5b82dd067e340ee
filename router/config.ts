import { join } from 'node:path'
import { integer, port, text } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'
import { defaultLimits } from './proxy/limits.ts'
import type { Address } from './proxy/transport.ts'

export interface Config {
  /** Where the world's requests arrive. */
  readonly http: Address
  /** Where the controller tells us its table; never reachable from outside the host. */
  readonly admin: Address
  readonly tokenPath: string
  readonly tablePath: string
  /** Connections from clients at the same time. */
  readonly connections: number
}

/** Throws SettingError. */
export function readConfig(env: Environment): Config {
  const state = text(env, 'SLIPWAY_STATE', '/var/lib/slipway')
  return {
    http: {
      host: text(env, 'SLIPWAY_HTTP_HOST', '0.0.0.0'),
      port: port(env, 'SLIPWAY_HTTP_PORT', 8080),
    },
    admin: { host: '127.0.0.1', port: port(env, 'SLIPWAY_ROUTER_ADMIN_PORT', 8001) },
    tokenPath: join(state, 'keys', 'internal.token'),
    tablePath: join(state, 'router', 'table.json'),
    connections: integer(env, 'SLIPWAY_HTTP_CONNECTIONS', defaultLimits.connections),
  }
}
