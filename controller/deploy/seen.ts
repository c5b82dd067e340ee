import type { Instance } from '#driver/driver.ts'
import type { FailedCheck } from './check.ts'
import { checkingMs, taskType, webType } from './copy.ts'
import type { Copy } from './copy.ts'

/** How often a copy ended, and when it was seen last. */
export interface Crash {
  readonly count: number
  readonly atMs: number
  /** Of the run that ended. */
  readonly startedAtMs: number
}

/** What is known of one environment now. */
export interface Seen {
  readonly instances: readonly Instance[]
  readonly byName: ReadonlyMap<string, Instance>
  /** Copies that passed all their checks, and the start of the run in which they did. */
  readonly answered: ReadonlyMap<string, number>
  /** Copies that took connections on their port, likewise. */
  readonly listening: ReadonlyMap<string, number>
  /** How the last try at a copy ended. */
  readonly probes: ReadonlyMap<string, string>
  /** Checks without a try left, by copy. */
  readonly failedChecks: ReadonlyMap<string, FailedCheck>
  readonly crashes: ReadonlyMap<string, Crash>
  /**
   * Copies to be started again, once they are unrouted and stopped: somebody asked for it, or (`sick`) they
   * failed a liveness check, and their requests are not waited for.
   */
  readonly resting: ReadonlyMap<string, 'asked' | 'sick'>
  /** Copies that are drained and stopped in the background. */
  readonly retiring: ReadonlySet<string>
  /** Copies in the router's table; null when the router has not answered yet. */
  readonly routed: ReadonlySet<string> | null
  /** What went wrong last on our side, for a deployment that runs into its deadline. */
  readonly trouble: string | null
  readonly startTimeoutMs: number
  readonly releaseTimeoutMs: number
}

/** A process without a port is healthy when it has run for this long. */
export const steadyMs = 1000
/** A copy that ran for this long is forgiven its crashes. */
const forgivenMs = 60_000

export function isHealthy(name: string, seen: Seen, nowMs: number): boolean {
  const instance = seen.byName.get(name)
  if (instance?.state !== 'running' || seen.retiring.has(name)) return false
  if (instance.type === webType) return seen.answered.get(name) === instance.startedAtMs
  return nowMs - instance.startedAtMs >= steadyMs
}

/** How long a copy may take until it is healthy: its checks count once it takes connections. */
export function startLimitMs(copy: Copy, { startedAtMs }: Instance, seen: Seen): number {
  const listens = seen.listening.get(copy.name) === startedAtMs
  return seen.startTimeoutMs + (listens ? checkingMs([copy]) : 0)
}

/** A release task that still runs and may: killed half-way, a migration leaves a mess. */
export function isTaskAtWork(instance: Instance, seen: Seen, nowMs: number): boolean {
  const { type, state, startedAtMs } = instance
  return type === taskType && state === 'running' && nowMs - startedAtMs < seen.releaseTimeoutMs
}

/** Neither runs nor is being stopped: it can be started. */
export function isDown(name: string, seen: Seen): boolean {
  return seen.byName.get(name)?.state !== 'running' && !seen.retiring.has(name)
}

/** 0, 1, 2, 4 … 60 s after the first, second, third … crash in a row. */
export function backoffMs(count: number): number {
  return count <= 1 ? 0 : Math.min(1000 * 2 ** (count - 2), 60_000)
}

export function restartAtMs(name: string, seen: Pick<Seen, 'crashes'>): number {
  const crash = seen.crashes.get(name)
  return crash === undefined ? 0 : crash.atMs + backoffMs(crash.count)
}

/** The crashes known after looking at these instances; `stopping` ones end because we ask them to. */
export function noticeCrashes(
  known: ReadonlyMap<string, Crash>,
  instances: readonly Instance[],
  stopping: ReadonlySet<string>,
  nowMs: number,
): Map<string, Crash> {
  const next = new Map(known)
  for (const { name, state, startedAtMs } of instances) {
    const before = known.get(name)
    if (state !== 'exited' || stopping.has(name) || before?.startedAtMs === startedAtMs) continue
    next.set(name, nextCrash(before, startedAtMs, nowMs))
  }
  return next
}

/** The crash that ends the run begun at `startedAtMs`, after the one `before` it. */
export function nextCrash(before: Crash | undefined, startedAtMs: number, nowMs: number): Crash {
  const isForgiven = nowMs - startedAtMs >= forgivenMs
  return { count: isForgiven ? 1 : (before?.count ?? 0) + 1, atMs: nowMs, startedAtMs }
}
