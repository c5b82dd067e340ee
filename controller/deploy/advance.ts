import type { Instance } from '#driver/driver.ts'
import { dynoName, webType } from './copy.ts'
import type { Copy, Target } from './copy.ts'
import type { Cause } from './failure.ts'
import { isDown, isHealthy, isTaskAtWork, startLimitMs, steadyMs } from './seen.ts'
import type { Seen } from './seen.ts'
import { startAfresh } from './step.ts'
import type { Step } from './step.ts'

/** What an open deployment does next. */
export interface Advance {
  readonly steps: Step[]
  readonly wakeAtMs: number | null
}

const nothing: Advance = { steps: [], wakeAtMs: null }

export function advance(open: Target | null, seen: Seen, nowMs: number): Advance {
  if (open === null) return nothing
  const cause = causeOfFailure(open, seen, nowMs) ?? lateness(open, seen, nowMs)
  if (cause !== null) return { steps: [{ do: 'fail', id: open.id, cause }], wakeAtMs: null }
  return { steps: stage(open, seen, nowMs), wakeAtMs: wakeAt(open, seen, nowMs) }
}

function stage(open: Target, seen: Seen, nowMs: number): Step[] {
  switch (open.state) {
    case 'pending':
      return isTurnOf(open, seen, nowMs) ? [enter(open, firstState(open, seen, nowMs))] : []
    case 'releasing':
      return runTask(open, seen)
    case 'starting':
      return startAll(open, seen, nowMs) ?? [enter(open, 'routing')]
    case 'routing':
      return startAll(open, seen, nowMs) ?? (isRouted(open, seen) ? [enter(open, 'draining')] : [])
    case 'draining':
    case 'succeeded':
    case 'failed':
    case 'superseded':
    case 'cancelled':
      return []
  }
}

/** Copies that are taken over as they are need not be started. */
function firstState(open: Target, seen: Seen, nowMs: number): 'releasing' | 'starting' | 'routing' {
  if (open.task !== null) return 'releasing'
  return open.adopts === true && startAll(open, seen, nowMs) === null ? 'routing' : 'starting'
}

/** Two release tasks never run at once: one that a newer deployment overtook may come to its end. */
function isTurnOf({ id }: Target, seen: Seen, nowMs: number): boolean {
  return !seen.instances.some((one) => one.deploymentId !== id && isTaskAtWork(one, seen, nowMs))
}

/** Runs once: a task that ended keeps its container until this stage is over. */
function runTask(open: Target, seen: Seen): Step[] {
  const { task } = open
  if (task === null) return [enter(open, 'starting')]
  const instance = seen.byName.get(task.name)
  if (instance === undefined || instance.state === 'created') return startAfresh(task, instance)
  return instance.state === 'exited' ? [enter(open, 'starting')] : []
}

/** Starts what is missing; null when every copy is healthy. */
function startAll({ copies }: Target, seen: Seen, nowMs: number): Step[] | null {
  const missing = copies.filter((copy) => isDown(copy.name, seen))
  if (missing.length > 0)
    return missing.flatMap((copy) => startAfresh(copy, seen.byName.get(copy.name)))
  return copies.every((copy) => isHealthy(copy.name, seen, nowMs)) ? null : []
}

/** The router's table has exactly the copies of this deployment. */
function isRouted({ copies }: Target, { routed }: Seen): boolean {
  if (routed === null) return false
  const names = copies.filter((copy) => copy.type === webType).map((copy) => copy.name)
  return routed.size === names.length && names.every((name) => routed.has(name))
}

/** What a copy or the release task did that ends the deployment. */
function causeOfFailure(open: Target, seen: Seen, nowMs: number): Cause | null {
  if (open.state === 'releasing') return taskFailure(open.task, seen)
  if (open.state !== 'starting' && open.state !== 'routing') return null
  for (const copy of open.copies) {
    const cause = copyFailure(copy, seen, nowMs)
    if (cause !== null) return cause
  }
  return null
}

function taskFailure(task: Copy | null, seen: Seen): Cause | null {
  const instance = task === null ? undefined : seen.byName.get(task.name)
  if (task === null || instance?.state !== 'exited' || instance.exitCode === 0) return null
  const end = instance.oomKilled ? 'out-of-memory' : { exitCode: instance.exitCode ?? 1 }
  return { kind: 'task', copy: task, end }
}

function copyFailure(copy: Copy, seen: Seen, nowMs: number): Cause | null {
  const instance = seen.byName.get(copy.name)
  if (instance === undefined || instance.state === 'created') return null
  if (instance.state === 'exited') {
    if (instance.oomKilled) return { kind: 'out-of-memory', copy }
    return { kind: 'exited', copy, exitCode: instance.exitCode ?? 1 }
  }
  return isHealthy(copy.name, seen, nowMs) ? null : sickness(copy, instance, seen, nowMs)
}

/** Why a copy that runs will not become healthy; null: it still may. */
function sickness(copy: Copy, instance: Instance, seen: Seen, nowMs: number): Cause | null {
  const { startedAtMs } = instance
  const failed = seen.failedChecks.get(copy.name)
  if (failed?.startedAtMs === startedAtMs) return { kind: 'unhealthy', copy, ...failed }
  const afterMs = startLimitMs(copy, instance, seen)
  if (nowMs - startedAtMs < afterMs) return null
  const kind = seen.listening.get(copy.name) === startedAtMs ? 'unchecked' : 'silent'
  return { kind, copy, afterMs, last: seen.probes.get(copy.name) ?? 'no answer yet' }
}

/** Every state before `draining` has a deadline, so that a stuck deployment ends with a reason. */
export function lateness(
  open: Target,
  seen: Pick<Seen, 'byName' | 'trouble'>,
  nowMs: number,
): Cause | null {
  if (nowMs < open.deadlineMs) return null
  if (open.state === 'releasing' && open.task !== null && seen.byName.has(open.task.name))
    return { kind: 'task', copy: open.task, end: 'timeout' }
  const doing = open.state === 'routing' ? 'telling the router' : startingWhat(open)
  return { kind: 'late', doing, reason: seen.trouble ?? 'no reason is known' }
}

function startingWhat({ state, task, copies }: Target): string {
  const what = state === 'releasing' && task !== null ? task : copies[0]
  return what === undefined ? 'deploying' : `starting ${dynoName(what)}`
}

/** The next moment something is due by time alone. */
function wakeAt({ copies, deadlineMs }: Target, seen: Seen, nowMs: number): number {
  const times = copies.flatMap((copy) => {
    const instance = seen.byName.get(copy.name)
    if (instance?.state !== 'running' || isHealthy(copy.name, seen, nowMs)) return []
    return [
      instance.startedAtMs + steadyMs,
      instance.startedAtMs + startLimitMs(copy, instance, seen),
    ]
  })
  return Math.min(deadlineMs, ...times.filter((time) => time > nowMs))
}

function enter({ id }: Target, state: 'releasing' | 'starting' | 'routing' | 'draining'): Step {
  return { do: 'enter', id, state }
}
