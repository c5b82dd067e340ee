import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { ServerChannel } from 'ssh2'
import { gitArgv, gitEnv } from '#builder/git.ts'
import { programPath } from '#builder/process.ts'

/** A git that serves one request on a channel. */
export interface GitService {
  /** Exit code of git, once all it wrote is on the channel. */
  readonly exit: Promise<number>
  /** The hook's report and verdict; null for a read. */
  readonly hook: Duplex | null
  /** What the pusher shall read while the hook runs; null for a read. */
  readonly words: Duplex | null
  /** Lets git go on although nobody listens any more. */
  detach(): void
  /** SIGTERM, so that git removes its quarantine, and SIGKILL when that does not help. */
  stop(): void
}

export interface ServiceOptions {
  readonly repository: string
  /** `version=2` when the client asked for it. */
  readonly protocol: string | null
  readonly packBytes: number
}

const hooks = join(import.meta.dirname, 'hooks')
/** The hook that must be executable; a git that cannot run it would accept everything. */
export const preReceive = join(hooks, 'pre-receive')
const GiB = 1024 ** 3

/** Keeps git well below the address space it is given, however large the repository. */
export const packMemory = {
  'core.packedGitLimit': '512m',
  'core.packedGitWindowSize': '32m',
  'core.deltaBaseCacheLimit': '64m',
  'pack.threads': '1',
  'pack.windowMemory': '128m',
}

/** Receives a push; `hooks/pre-receive` speaks with us over two inherited descriptors. */
export function receivePack(channel: ServerChannel, options: ServiceOptions): GitService {
  const settings = {
    'core.hooksPath': hooks,
    'receive.fsckObjects': 'true',
    'transfer.fsckObjects': 'true',
    'receive.maxInputSize': String(options.packBytes),
    'receive.autogc': 'false',
    'receive.denyDeleteCurrent': 'ignore',
    'receive.advertisePushOptions': 'false',
    'receive.hideRefs': 'refs/slipway',
    ...packMemory,
  }
  const argv = gitArgv(['receive-pack', options.repository], settings)
  return serve(channel, limited(argv, options), options, true)
}

/** Serves a clone or fetch. */
export function uploadPack(channel: ServerChannel, options: ServiceOptions): GitService {
  const settings = {
    'core.hooksPath': '/dev/null',
    'uploadpack.allowFilter': 'true',
    'uploadpack.hideRefs': 'refs/slipway',
    ...packMemory,
  }
  const argv = gitArgv(['upload-pack', '--strict', options.repository], settings)
  return serve(channel, limited(argv, options), options, false)
}

/** Delta bombs and endless packs end at these limits and not at the host's. */
export function limited(
  argv: readonly string[],
  { packBytes }: Pick<ServiceOptions, 'packBytes'>,
): string[] {
  const limits = [
    `--as=${2 * GiB + 2 * packBytes}`,
    '--cpu=600',
    `--fsize=${2 * packBytes + 1024 ** 2}`,
    '--core=0',
    '--nofile=1024',
  ]
  return ['prlimit', ...limits, '--', ...argv]
}

function serve(
  channel: ServerChannel,
  argv: readonly string[],
  { protocol }: ServiceOptions,
  withHook: boolean,
): GitService {
  const [file = '', ...rest] = argv
  const version = protocol === null ? {} : { GIT_PROTOCOL: protocol }
  const child = spawn(file, rest, {
    env: { PATH: programPath, ...gitEnv, ...version },
    stdio: ['pipe', 'pipe', 'pipe', ...(withHook ? (['pipe', 'pipe'] as const) : [])],
    // A group of its own, so that the hook and its `cat` are stopped along with git.
    detached: true,
  })
  connect(channel, child)
  const exit = once(child, 'close').then(([code]) => (code as number | null) ?? 1)
  exit.catch(() => undefined)
  const [, , , hook, words] = child.stdio as unknown as Duplex[]
  for (const stream of [hook, words]) stream?.on('error', () => undefined)
  return {
    exit,
    hook: hook ?? null,
    words: words ?? null,
    detach: () => {
      child.stdout?.unpipe().resume()
      child.stderr?.unpipe().resume()
    },
    stop: () => stop(child),
  }
}

function connect(channel: ServerChannel, child: ChildProcess): void {
  child.stdin?.on('error', () => undefined)
  if (child.stdin !== null) channel.pipe(child.stdin)
  child.stdout?.pipe(channel, { end: false })
  child.stderr?.pipe(channel.stderr, { end: false })
}

function stop(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  const hard = setTimeout(() => signalGroup(child, 'SIGKILL'), 2000)
  child.once('close', () => clearTimeout(hard))
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It ended in this moment.
  }
}
