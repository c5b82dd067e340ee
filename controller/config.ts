import { join } from 'node:path'
import type { Limits } from '#driver/driver.ts'
import { bytes, type Environment, integer, port, SettingError, text } from '#lib/settings.ts'
import { isRange } from './app/subnet.ts'

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
  readonly engine: EngineConfig
  /** The biggest number of copies one process type may have. */
  readonly copiesLimit: number
  /** Of every copy and one-off. */
  readonly limits: Limits
}

/** How this platform uses the container engine; the builder reads the same settings. */
interface EngineConfig {
  /** Names this platform on an engine that others use too. */
  readonly instance: string
  /** Undefined: the driver's default, as with the rest. */
  readonly socketPath?: string
  readonly caBundle?: string
  readonly buildSubnet?: string
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
    networks: range(env, 'SLIPWAY_NETWORKS', '10.217.0.0/16'),
    stack: text(env, 'SLIPWAY_STACK', 'slipway-12'),
    engine: readEngineConfig(env),
    copiesLimit: integer(env, 'SLIPWAY_COPIES_LIMIT', 20),
    limits: readLimits(env),
  }
}

function readEngineConfig(env: Environment): EngineConfig {
  const optional = {
    socketPath: 'ENGINE_SOCKET',
    caBundle: 'CA_BUNDLE',
    buildSubnet: 'BUILD_SUBNET',
  }
  const given = Object.entries(optional).flatMap(([name, setting]) => {
    const value = text(env, `SLIPWAY_${setting}`, '')
    return value === '' ? [] : [[name, value] as const]
  })
  return { instance: text(env, 'SLIPWAY_INSTANCE', 'main'), ...Object.fromEntries(given) }
}

function readLimits(env: Environment): Limits {
  return {
    memoryBytes: bytes(env, 'SLIPWAY_COPY_MEMORY', 512 * 1024 ** 2),
    cpuShares: 1024,
    pids: integer(env, 'SLIPWAY_COPY_PIDS', 256),
    openFiles: integer(env, 'SLIPWAY_COPY_FILES', 10_240),
    diskBytes: bytes(env, 'SLIPWAY_COPY_DISK', 256 * 1024 ** 2),
  }
}

function range(env: Environment, name: string, fallback: string): string {
  const value = text(env, name, fallback)
  if (isRange(value)) return value
  throw new SettingError(`${name} must be a range such as ${fallback}, not "${value}".`)
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
