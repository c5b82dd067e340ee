import { join } from 'node:path'
import { type Environment, integer, port, text } from '#lib/settings.ts'

/** The settings of the controller, as the environment has them. */
export interface Config {
  /** State folder; `keys/` and `controller/` are below it. */
  readonly state: string
  readonly api: { readonly host: string; readonly port: number }
  /** Base URL clients reach the API at; capability URLs begin with it. */
  readonly apiUrl: string
  readonly routerAdminUrl: string
  /** Apps are `<name>.<domain>`. */
  readonly domain: string
  readonly git: { readonly host: string; readonly port: number }
  readonly httpPort: number
  /** Range (CIDR) that networks of apps are taken from. */
  readonly networks: string
  readonly stack: string
  /** Names this platform on an engine that others use too. */
  readonly instance: string
  /** The biggest number of copies one process type may have. */
  readonly copiesLimit: number
}

/** Throws SettingError with one sentence that names the setting. */
export function readConfig(env: Environment): Config {
  const api = {
    host: text(env, 'SLIPWAY_API_HOST', '127.0.0.1'),
    port: port(env, 'SLIPWAY_API_PORT', 8000),
  }
  const domain = text(env, 'SLIPWAY_DOMAIN', 'localhost').toLowerCase()
  return {
    state: text(env, 'SLIPWAY_STATE', '/var/lib/slipway'),
    api,
    apiUrl: text(env, 'SLIPWAY_API_URL', `http://127.0.0.1:${api.port}`),
    routerAdminUrl: text(env, 'SLIPWAY_ROUTER_ADMIN_URL', 'http://127.0.0.1:8001'),
    domain,
    git: {
      host: text(env, 'SLIPWAY_GIT_HOST', domain),
      port: port(env, 'SLIPWAY_SSH_PORT', 2222),
    },
    httpPort: port(env, 'SLIPWAY_HTTP_PORT', 8080),
    networks: text(env, 'SLIPWAY_NETWORKS', '10.217.0.0/16'),
    stack: text(env, 'SLIPWAY_STACK', 'slipway-12'),
    instance: text(env, 'SLIPWAY_INSTANCE', 'main'),
    copiesLimit: integer(env, 'SLIPWAY_COPIES_LIMIT', 20),
  }
}

/** Where the controller keeps its things below the state folder. */
export interface Places {
  readonly folder: string
  readonly database: string
  readonly outputs: string
  readonly logs: string
  readonly key: (name: string) => string
}

export function placesIn(state: string): Places {
  const folder = join(state, 'controller')
  return {
    folder,
    database: join(folder, 'slipway.db'),
    outputs: join(folder, 'outputs'),
    logs: join(folder, 'logs'),
    key: (name) => join(state, 'keys', name),
  }
}
