import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Limits } from '#driver/driver.ts'
import { bytes, type Environment, integer, port, SettingError, text } from '#lib/settings.ts'
import { isRange } from './app/subnet.ts'

/** The settings of the controller, as the environment has them. */
export interface Config {
  /** State folder; `keys/` and `controller/` are below it. */
  readonly state: string
  readonly api: { readonly host: string; readonly port: number }
  /**
   * Base URL clients reach the API at, without a slash at the end; capability URLs begin with it. Null:
   * whatever each client reached it at.
   */
  readonly apiUrl: string | null
  readonly routerAdminUrl: string
  readonly builderUrl: string
  /** Of each environment, how many of the newest slugs stay for a rollback. */
  readonly keptSlugs: number
  /** Apps are `<name>.<domain>`. */
  readonly domain: string
  /** IP addresses that people's DNS should point to; none: where the platform's own DNS does. */
  readonly addresses: readonly string[]
  readonly git: { readonly host: string; readonly port: number }
  readonly httpPort: number
  /** Range (CIDR) that networks of apps are taken from. */
  readonly networks: string
  readonly stack: string
  /** An upload may be so large. */
  readonly sourceBytes: number
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
  /** Ports of the host that apps may reach; 0: none. */
  readonly routerPorts: readonly number[]
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
    apiUrl: baseUrl(env, 'SLIPWAY_API_URL'),
    routerAdminUrl: text(env, 'SLIPWAY_ROUTER_ADMIN_URL', 'http://127.0.0.1:8001'),
    builderUrl: text(env, 'SLIPWAY_BUILDER_URL', 'http://127.0.0.1:8002'),
    keptSlugs: Math.max(2, integer(env, 'SLIPWAY_KEEP_SLUGS', 20)),
    domain,
    addresses: addresses(env, 'SLIPWAY_ADDRESSES'),
    git: {
      host: text(env, 'SLIPWAY_GIT_HOST', domain),
      port: port(env, 'SLIPWAY_SSH_PORT', 2222),
    },
    httpPort: port(env, 'SLIPWAY_HTTP_PORT', 8080),
    networks: range(env, 'SLIPWAY_NETWORKS', '10.217.0.0/16'),
    stack: text(env, 'SLIPWAY_STACK', 'slipway-12'),
    sourceBytes: bytes(env, 'SLIPWAY_SOURCE_LIMIT', 500 * 1024 ** 2),
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
  return {
    instance: text(env, 'SLIPWAY_INSTANCE', 'main'),
    routerPorts: [port(env, 'SLIPWAY_HTTP_PORT', 8080), port(env, 'SLIPWAY_HTTPS_PORT', 0)],
    ...Object.fromEntries(given),
  }
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

/** Behind a proxy with TLS: what clients call it by. */
function baseUrl(env: Environment, name: string): string | null {
  const value = text(env, name, '')
  if (value === '') return null
  const url = URL.canParse(value) ? new URL(value) : null
  const isBase = url !== null && url.search === '' && url.hash === '' && url.username === ''
  if (isBase && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '')
  throw new SettingError(`${name} must be an address such as https://api.example.org.`)
}

/** Separated by commas or spaces. */
function addresses(env: Environment, name: string): string[] {
  const given = text(env, name, '')
    .split(/[\s,]+/)
    .filter((part) => part !== '')
  const wrong = given.find((address) => isIP(address) === 0)
  if (wrong === undefined) return given.map(canonical)
  throw new SettingError(`${name} must be IP addresses, separated by commas, not "${wrong}".`)
}

/** As DNS answers are written: IPv6 in its short form. */
function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
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
