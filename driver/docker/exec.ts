import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { EngineError } from '#driver/driver.ts'
import type { CommandSpec } from '#driver/driver.ts'
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

const pauseMs = 20
/** Exit code of what the engine could not run, and did not say why. */
const cannotRun = 126
const killMs = 10_000
/** For what the engine is to see: that a command runs, that one has ended. Each call has a minute, too. */
const engineMs = 60_000

/**
 * Runs a command line in a copy that runs, as its own is run: by the same user, with the same variables
 * and the same limits, which it shares with the copy. Its exit code; null when it took too long.
 */
export async function execInCopy(
  site: Site,
  spec: CommandSpec,
  signal: AbortSignal,
): Promise<number | null> {
  const id = await make(site, spec, signal)
  let output: Duplex | undefined
  try {
    output = await start(site, id, signal)
    await untilBegun(site, id, output, signal)
    const limit = AbortSignal.timeout(spec.timeoutMs)
    await untilSilent(output, limit, signal)
    const found = await untilState(site, id, (exec) => !exec.Running || limit.aborted, signal)
    if (found.Running && (await kill(found))) return null
    // An engine that hung calls running what has ended.
    const { ExitCode } = await untilState(site, id, ({ Running }) => !Running, signal, engineMs)
    return ExitCode ?? cannotRun
  } catch (error) {
    await killUnseen(site, id, AbortSignal.timeout(killMs))
    signal.throwIfAborted()
    throw error
  } finally {
    output?.destroy()
  }
}

async function make(site: Site, spec: CommandSpec, signal: AbortSignal): Promise<string> {
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
  // Of an engine that is killed, when nobody reads any more. Its output goes to nobody, but is read:
  // who writes to a full pipe waits.
  return output.on('error', () => undefined).resume()
}

function look({ engine }: Site, id: string, signal: AbortSignal): Promise<Exec> {
  const request = { method: 'GET', path: `/exec/${id}/json`, doing: 'look at a command' } as const
  return engine.ask<Exec>(request, signal)
}

/** The engine connects us first. What it cannot start has no process, but an end. */
async function untilBegun(
  site: Site,
  id: string,
  output: Duplex,
  signal: AbortSignal,
): Promise<void> {
  const hasBegun = ({ Pid, ExitCode }: Exec): boolean =>
    Pid > 0 || ExitCode !== null || output.readableEnded
  await untilState(site, id, hasBegun, signal, engineMs)
}

/** Or until the limit. */
async function untilSilent(output: Duplex, limit: AbortSignal, signal: AbortSignal): Promise<void> {
  try {
    await finished(output, { writable: false, signal: AbortSignal.any([signal, limit]) })
  } catch (cause) {
    signal.throwIfAborted()
    if (limit.aborted) return
    throw new EngineError('The connection to the container engine broke off.', true, { cause })
  }
}

/** Its output may be over before it is, and it may be said to run before it does. */
async function untilState(
  site: Site,
  id: string,
  is: (exec: Exec) => boolean,
  signal: AbortSignal,
  deadlineMs = Infinity,
): Promise<Exec> {
  const begun = performance.now()
  for (;;) {
    const exec = await look(site, id, signal)
    if (is(exec)) return exec
    if (performance.now() - begun > deadlineMs)
      throw new EngineError('The container engine did not run a command in time.', true)
    await pause(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

/** For when nobody knows how far it got. */
async function killUnseen(site: Site, id: string, signal: AbortSignal): Promise<void> {
  const isKnown = ({ Running, Pid }: Exec): boolean => !Running || Pid > 0
  const found = await untilState(site, id, isKnown, signal).catch(() => null)
  if (found?.Running === true) await kill(found)
}

/** The engine has no call for this. What it starts leads a process group of its own. False: it had ended. */
async function kill({ Pid, ContainerID }: Exec): Promise<boolean> {
  const groups = await readFile(`/proc/${Pid}/cgroup`, 'utf8').catch(() => '')
  if (!groups.includes(ContainerID)) return false
  try {
    process.kill(-Pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
  return true
}
