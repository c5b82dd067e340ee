import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { EngineError } from '#driver/driver.ts'
import type { CopySpec } from '#driver/driver.ts'
import { pathOf } from './container.ts'
import { treeVariables, variables } from './profile.ts'
import type { Site } from './site.ts'
import { imageEntrypoint, treeEntrypoint } from './wrapper.ts'

interface Exec {
  readonly Running: boolean
  readonly ExitCode: number | null
  /** Of its first process, on the host; 0 before it has one. */
  readonly Pid: number
  readonly ContainerID: string
}

type ExecSpec = CopySpec & { readonly command: string }

const pauseMs = 20
/** Exit code of what the engine could not run, and did not say why. */
const cannotRun = 126
const killMs = 10_000

/**
 * Runs a command line in a copy that runs, as its own is run: by the same user, with the same variables
 * and the same limits, which it shares with the copy. Its exit code.
 */
export async function execInCopy(site: Site, spec: ExecSpec, signal: AbortSignal): Promise<number> {
  const id = await make(site, spec, signal)
  let output: Duplex | undefined
  try {
    output = await start(site, id, signal)
    await untilSilent(output, signal)
    const { ExitCode } = await untilState(site, id, ({ Running }) => !Running, signal)
    return ExitCode ?? cannotRun
  } catch (error) {
    await kill(site, id, AbortSignal.timeout(killMs))
    signal.throwIfAborted()
    throw error
  } finally {
    output?.destroy()
  }
}

async function make(site: Site, spec: ExecSpec, signal: AbortSignal): Promise<string> {
  const isTree = spec.artifact.kind === 'tree'
  const env = isTree ? treeVariables(spec, site.settings) : spec.env
  const body = {
    Cmd: [...(isTree ? treeEntrypoint : imageEntrypoint), spec.command],
    // Of a copy that waited for its job, the container has none of them.
    Env: variables({}, env),
    AttachStdout: true,
    AttachStderr: true,
  }
  const path = `${pathOf(spec.name)}/exec`
  const request = { method: 'POST', path, body, doing: `run a command in ${spec.name}` } as const
  return (await site.engine.ask<{ Id: string }>(request, signal)).Id
}

async function start({ engine }: Site, id: string, signal: AbortSignal): Promise<Duplex> {
  const body = { Detach: false, Tty: false }
  const path = `/exec/${id}/start`
  const request = { method: 'POST', path, body, doing: 'run a command' } as const
  const output = await engine.hijack(request, signal)
  // Of an engine that is killed, when nobody reads any more.
  return output.on('error', () => undefined)
}

function look({ engine }: Site, id: string, signal: AbortSignal): Promise<Exec> {
  const request = { method: 'GET', path: `/exec/${id}/json`, doing: 'look at a command' } as const
  return engine.ask<Exec>(request, signal)
}

/** Its output goes to nobody, but is read: who writes to a full pipe waits. */
async function untilSilent(output: Duplex, signal: AbortSignal): Promise<void> {
  try {
    await once(output.resume(), 'end', { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new EngineError('The connection to the container engine broke off.', true, { cause })
  }
}

/** Its output may be over before it is, and it may be said to run before it does. */
async function untilState(
  site: Site,
  id: string,
  is: (exec: Exec) => boolean,
  signal: AbortSignal,
): Promise<Exec> {
  for (;;) {
    const exec = await look(site, id, signal)
    if (is(exec)) return exec
    await pause(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

/** The engine has no call for this. What it starts leads a process group of its own. */
async function kill(site: Site, id: string, signal: AbortSignal): Promise<void> {
  const isKnown = ({ Running, Pid }: Exec): boolean => !Running || Pid > 0
  const found = await untilState(site, id, isKnown, signal).catch(() => null)
  if (found === null || !found.Running) return
  const groups = await readFile(`/proc/${found.Pid}/cgroup`, 'utf8').catch(() => '')
  if (!groups.includes(found.ContainerID)) return
  try {
    process.kill(-found.Pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}
