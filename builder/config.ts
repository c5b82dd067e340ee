import { join } from 'node:path'
import { bytes, integer, port, SettingError, text, type Environment } from '#lib/settings.ts'

/** Everything that can be set about the builder; nothing else reads the environment. */
export interface Config {
  /** State folder of the platform; ours is `builder/` below it, keys are in `keys/`. */
  readonly state: string
  readonly engine: EngineConfig
  readonly ssh: SshConfig
  readonly http: { readonly host: string; readonly port: number }
  readonly controllerUrl: string
  readonly limits: PushLimits
  readonly build: BuildConfig
}

/** How this platform uses the container engine; the controller reads the same settings. */
interface EngineConfig {
  /** Name of this platform on its engine. */
  readonly instance: string
  /** Null: the driver's default. */
  readonly socketPath: string | null
  /** File with the certificates builds shall trust; null: those of the stack. */
  readonly caBundle: string | null
  /** Ports of the host that apps may reach; 0: none. */
  readonly routerPorts: readonly number[]
  /** Network of the builds, CIDR; null: the driver's default. */
  readonly buildSubnet: string | null
}

interface SshConfig {
  readonly host: string
  readonly port: number
  /** Connections at once, over all and from one address. */
  readonly connections: number
  readonly connectionsPerSource: number
  /** File with the public keys whose certificates let users in; null: none do. */
  readonly userAuthorities: string | null
  /** Connections begin with the PROXY protocol. */
  readonly proxyProtocol: boolean
}

/** What a push may be; all sizes in bytes. */
export interface PushLimits {
  readonly packBytes: number
  /** Of all files of the pushed commit together. */
  readonly treeBytes: number
  readonly slugBytes: number
  /** Disk space that must be free before a build begins. */
  readonly freeBytes: number
  /** Silence of a client after which a push that has not all arrived is ended. */
  readonly stallMs: number
}

export interface BuildConfig {
  /** Builds at once over the whole platform; others wait. */
  readonly atOnce: number
  /** Of those, of one user. */
  readonly perUser: number
  /** Of a whole build, from its turn on. */
  readonly timeoutMs: number
  readonly memoryBytes: number
  /** Relative CPU weight; 1024 is an app's. */
  readonly cpuShares: number
  readonly pids: number
  /** Size of `/tmp` in a build. */
  readonly scratchBytes: number
  /** Output that is shown and kept. */
  readonly outputBytes: number
  /** Registry and proxy settings of the operator, for every build. */
  readonly env: Readonly<Record<string, string>>
  /** File with the certificates builds shall trust; null: those of the stack. */
  readonly caBundle: string | null
  /** Folder of the buildpacks. */
  readonly buildpacks: string
  /** Where buildpacks that are not ours may come from. */
  readonly foreign: {
    /** `https`, and `http` if the operator says so. */
    readonly schemes: readonly string[]
    /** Folder of repositories and archives that `file:///NAME` means; null: none. */
    readonly folder: string | null
  }
}

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** Throws SettingError with a sentence about the first setting that is wrong. */
export function readConfig(env: Environment): Config {
  return {
    state: text(env, 'SLIPWAY_STATE', '/var/lib/slipway'),
    engine: readEngineConfig(env),
    ssh: {
      host: text(env, 'SLIPWAY_SSH_HOST', '0.0.0.0'),
      port: port(env, 'SLIPWAY_SSH_PORT', 2222),
      connections: integer(env, 'SLIPWAY_SSH_CONNECTIONS', 100),
      connectionsPerSource: integer(env, 'SLIPWAY_SSH_CONNECTIONS_PER_SOURCE', 20),
      userAuthorities: orNull(text(env, 'SLIPWAY_SSH_USER_CA', '')),
      proxyProtocol: isOn(env, 'SLIPWAY_SSH_PROXY_PROTOCOL'),
    },
    http: {
      host: text(env, 'SLIPWAY_BUILDER_HOST', '127.0.0.1'),
      port: port(env, 'SLIPWAY_BUILDER_PORT', 8002),
    },
    controllerUrl: text(env, 'SLIPWAY_CONTROLLER_URL', 'http://127.0.0.1:8000'),
    limits: {
      packBytes: bytes(env, 'SLIPWAY_PACK_LIMIT', 500 * MiB),
      treeBytes: bytes(env, 'SLIPWAY_TREE_LIMIT', GiB),
      slugBytes: bytes(env, 'SLIPWAY_SLUG_LIMIT', 500 * MiB),
      freeBytes: bytes(env, 'SLIPWAY_BUILD_FREE_DISK', 2 * GiB),
      stallMs: Math.max(1, integer(env, 'SLIPWAY_PUSH_STALL', 300)) * 1000,
    },
    build: readBuildConfig(env),
  }
}

function isOn(env: Environment, name: string): boolean {
  const value = text(env, name, 'off')
  if (value === 'on' || value === 'off') return value === 'on'
  throw new SettingError(`${name} must be on or off, not "${value}".`)
}

function readEngineConfig(env: Environment): EngineConfig {
  return {
    instance: text(env, 'SLIPWAY_INSTANCE', 'main'),
    socketPath: orNull(text(env, 'SLIPWAY_ENGINE_SOCKET', '')),
    caBundle: orNull(text(env, 'SLIPWAY_CA_BUNDLE', '')),
    routerPorts: [port(env, 'SLIPWAY_HTTP_PORT', 8080), port(env, 'SLIPWAY_HTTPS_PORT', 0)],
    buildSubnet: orNull(text(env, 'SLIPWAY_BUILD_SUBNET', '')),
  }
}

function orNull(value: string): string | null {
  return value === '' ? null : value
}

function readBuildConfig(env: Environment): BuildConfig {
  const atOnce = Math.max(1, integer(env, 'SLIPWAY_BUILDS_AT_ONCE', 1))
  const half = Math.ceil(atOnce / 2)
  return {
    atOnce,
    perUser: Math.max(1, integer(env, 'SLIPWAY_BUILDS_PER_USER', half)),
    timeoutMs: integer(env, 'SLIPWAY_BUILD_TIMEOUT', 900) * 1000,
    memoryBytes: bytes(env, 'SLIPWAY_BUILD_MEMORY', 2 * GiB),
    cpuShares: Math.max(2, integer(env, 'SLIPWAY_BUILD_CPU_SHARES', 256)),
    pids: integer(env, 'SLIPWAY_BUILD_PIDS', 1024),
    scratchBytes: bytes(env, 'SLIPWAY_BUILD_SCRATCH', GiB),
    outputBytes: bytes(env, 'SLIPWAY_BUILD_OUTPUT', 8 * MiB),
    env: readBuildEnv(env),
    caBundle: orNull(text(env, 'SLIPWAY_CA_BUNDLE', '')),
    buildpacks: text(env, 'SLIPWAY_BUILDPACKS', join(import.meta.dirname, '../buildpacks')),
    foreign: readForeign(env),
  }
}

function readForeign(env: Environment): BuildConfig['foreign'] {
  const schemes = text(env, 'SLIPWAY_BUILDPACK_SCHEMES', 'https').split(',')
  if (!schemes.every((scheme) => ['https', 'http'].includes(scheme))) {
    throw new SettingError('SLIPWAY_BUILDPACK_SCHEMES must be "https" or "https,http".')
  }
  const folder = text(env, 'SLIPWAY_BUILDPACK_FOLDER', '')
  return { schemes, folder: folder === '' ? null : folder }
}

/** Settings of package managers that builds see as they are set for the builder. */
const passedThrough = [
  'NPM_CONFIG_REGISTRY',
  'PIP_INDEX_URL',
  'UV_INDEX_URL',
  'UV_DEFAULT_INDEX',
  'GOPROXY',
  'GONOSUMDB',
  'GOSUMDB',
  'GOFLAGS',
  'CARGO_MIRROR',
  'COMPOSER_MIRROR',
  'GRADLE_DISTRIBUTIONS',
  'HEX_MIRROR',
  'JSR_URL',
  'MAVEN_MIRROR',
  'MVNW_REPOURL',
  'RUBYGEMS_MIRROR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
]

/** `SLIPWAY_BUILD_ENV` is a JSON object and wins over the settings that are passed through. */
function readBuildEnv(env: Environment): Record<string, string> {
  const found = passedThrough.flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(found), ...readJson(text(env, 'SLIPWAY_BUILD_ENV', '{}')) }
}

function readJson(json: string): Record<string, string> {
  const value = parse(json)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value as Record<string, unknown>)
    if (entries.every(([, text]) => typeof text === 'string'))
      return value as Record<string, string>
  }
  throw new SettingError('SLIPWAY_BUILD_ENV must be a JSON object of strings.')
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}
