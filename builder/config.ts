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
  /** The one port of the host that apps may reach. */
  readonly routerPort: number
  /** Network of the builds, CIDR; null: the driver's default. */
  readonly buildSubnet: string | null
}

interface SshConfig {
  readonly host: string
  readonly port: number
  /** Connections at once, over all and from one address. */
  readonly connections: number
  readonly connectionsPerSource: number
}

/** What a push may be; all sizes in bytes. */
export interface PushLimits {
  readonly packBytes: number
  /** Of all files of the pushed commit together. */
  readonly treeBytes: number
  readonly slugBytes: number
  /** Disk space that must be free before a build begins. */
  readonly freeBytes: number
}

export interface BuildConfig {
  /** Builds at once over the whole platform; others wait. */
  readonly atOnce: number
  readonly timeoutMs: number
  readonly memoryBytes: number
  readonly pids: number
  /** Size of `/tmp` in a build. */
  readonly scratchBytes: number
  /** Registry and proxy settings of the operator, for every build. */
  readonly env: Readonly<Record<string, string>>
  /** Folder of the buildpacks. */
  readonly buildpacks: string
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
    },
    http: {
      host: text(env, 'SLIPWAY_BUILDER_HOST', '127.0.0.1'),
      port: port(env, 'SLIPWAY_BUILDER_PORT', 8002),
    },
    controllerUrl: text(env, 'SLIPWAY_API_URL', 'http://127.0.0.1:8000'),
    limits: {
      packBytes: bytes(env, 'SLIPWAY_PACK_LIMIT', 500 * MiB),
      treeBytes: bytes(env, 'SLIPWAY_TREE_LIMIT', GiB),
      slugBytes: bytes(env, 'SLIPWAY_SLUG_LIMIT', 500 * MiB),
      freeBytes: bytes(env, 'SLIPWAY_BUILD_FREE_DISK', 2 * GiB),
    },
    build: readBuildConfig(env),
  }
}

function readEngineConfig(env: Environment): EngineConfig {
  const orNull = (value: string): string | null => (value === '' ? null : value)
  return {
    instance: text(env, 'SLIPWAY_INSTANCE', 'main'),
    socketPath: orNull(text(env, 'SLIPWAY_ENGINE_SOCKET', '')),
    caBundle: orNull(text(env, 'SLIPWAY_CA_BUNDLE', '')),
    routerPort: port(env, 'SLIPWAY_HTTP_PORT', 8080),
    buildSubnet: orNull(text(env, 'SLIPWAY_BUILD_SUBNET', '')),
  }
}

function readBuildConfig(env: Environment): BuildConfig {
  return {
    atOnce: Math.max(1, integer(env, 'SLIPWAY_BUILDS_AT_ONCE', 1)),
    timeoutMs: integer(env, 'SLIPWAY_BUILD_TIMEOUT', 900) * 1000,
    memoryBytes: bytes(env, 'SLIPWAY_BUILD_MEMORY', 2 * GiB),
    pids: integer(env, 'SLIPWAY_BUILD_PIDS', 1024),
    scratchBytes: bytes(env, 'SLIPWAY_BUILD_SCRATCH', GiB),
    env: readBuildEnv(env),
    buildpacks: text(env, 'SLIPWAY_BUILDPACKS', join(import.meta.dirname, '../buildpacks')),
  }
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
