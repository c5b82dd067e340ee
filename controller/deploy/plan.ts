import { isDeepStrictEqual } from 'node:util'
import type { DeploymentState } from '#contract/release.ts'
import type { Instance } from '#driver/driver.ts'
import { oneOffType, webType } from './copy.ts'
import type { Copy, Target } from './copy.ts'
import { advance } from './advance.ts'
import { isDown, isHealthy, isTaskAtWork, restartAtMs } from './seen.ts'
import type { Seen } from './seen.ts'
import { startAfresh } from './step.ts'
import type { Step } from './step.ts'

/** What one environment should come to. */
export interface Wanted {
  /** The deployment that went live last. */
  readonly serving: Target | null
  /** The newest that is on its way; `serving` goes on until it is routed. */
  readonly open: Target | null
  /** Deployments that a newer one left without an end. */
  readonly older: readonly { readonly id: string; readonly state: DeploymentState }[]
}

export interface Plan {
  /** Copies that the router should send requests to, now. */
  readonly routes: readonly string[]
  readonly steps: readonly Step[]
  /** When to look again though nothing was heard; null: nothing changes by itself. */
  readonly wakeAtMs: number | null
}

/**
 * The steps that bring an environment one stage nearer to what is wanted.
 *
 * Stages never overlap: run the release task, start every copy, route once all are healthy, and
 * only when the router confirmed that drain and stop the rest. A crash between any two steps
 * therefore leaves a healthy release behind the router.
 */
export function plan(wanted: Wanted, seen: Seen, nowMs: number): Plan {
  const opening = advance(wanted.open, seen, nowMs)
  const keeping = keep(wanted.serving, seen, nowMs)
  return {
    routes: routesOf(wanted, seen, nowMs),
    steps: [
      ...settle(wanted, seen),
      ...opening.steps,
      ...keeping.steps.filter((step) => !isAmong(opening.steps, step)),
      ...leave(wanted, seen, nowMs),
    ],
    wakeAtMs: earliest([opening.wakeAtMs, keeping.wakeAtMs]),
  }
}

/** A copy that is taken over is wanted twice and started once. */
function isAmong(steps: readonly Step[], step: Step): boolean {
  return steps.some((other) => isDeepStrictEqual(namesIn(other), namesIn(step)))
}

function namesIn(step: Step): readonly (string | null)[] {
  if (step.do === 'start') return [step.do, step.copy.name]
  return step.do === 'remove' ? [step.do, step.name] : [null]
}

/** Healthy `web` copies of the one deployment that is, or is about to be, served. */
function routesOf({ serving, open }: Wanted, seen: Seen, nowMs: number): string[] {
  const isReady = (copy: Copy): boolean => isHealthy(copy.name, seen, nowMs)
  const switches = open?.state === 'routing' && open.copies.every(isReady)
  const copies = (switches ? open : serving)?.copies ?? []
  return copies
    .filter((copy) => copy.type === webType && isReady(copy) && !seen.resting.has(copy.name))
    .map((copy) => copy.name)
}

/** Deployments that came to their end by what newer ones did. */
function settle({ serving, open, older }: Wanted, seen: Seen): Step[] {
  const ends = older.map(({ id, state }): Step => ({
    do: 'enter',
    id,
    state: state === 'draining' ? 'succeeded' : 'superseded',
  }))
  if (serving?.state !== 'draining') return ends
  const wanted = namesOf([serving, open])
  const isAlone = seen.instances.every((copy) => wanted.has(copy.name) || isOneOff(copy))
  return isAlone ? [...ends, { do: 'enter', id: serving.id, state: 'succeeded' }] : ends
}

/** Starts what is missing of the serving deployment; what keeps crashing waits longer and longer. */
function keep(
  serving: Target | null,
  seen: Seen,
  nowMs: number,
): { steps: Step[]; wakeAtMs: number | null } {
  const down = (serving?.copies ?? []).filter((copy) => isDown(copy.name, seen))
  const due = down.filter((copy) => restartAtMs(copy.name, seen) <= nowMs)
  const later = down.filter((copy) => !due.includes(copy))
  return {
    steps: due.flatMap((copy) => startAfresh(copy, seen.byName.get(copy.name))),
    wakeAtMs: earliest(later.map((copy) => restartAtMs(copy.name, seen))),
  }
}

/** Gets rid of copies nobody wants, once the router is known to have let go of them. */
function leave({ serving, open }: Wanted, seen: Seen, nowMs: number): Step[] {
  const wanted = namesOf([serving, open])
  return seen.instances
    .filter((copy) => !isOneOff(copy) && !seen.retiring.has(copy.name))
    .filter((copy) => !wanted.has(copy.name) || seen.resting.has(copy.name))
    .filter((copy) => !isTaskAtWork(copy, seen, nowMs))
    .flatMap((copy): Step[] => {
      if (copy.state !== 'running') return [{ do: 'remove', name: copy.name }]
      if (!isLetGo(copy, seen)) return []
      const drain = copy.type === webType && seen.resting.get(copy.name) !== 'sick'
      return [{ do: 'retire', name: copy.name, drain }]
    })
}

function isLetGo(copy: Instance, seen: Seen): boolean {
  return copy.type !== webType || (seen.routed !== null && !seen.routed.has(copy.name))
}

function namesOf(targets: readonly (Target | null)[]): Set<string> {
  return new Set(
    targets.flatMap((target) => {
      if (target === null) return []
      const task = target.state === 'releasing' && target.task !== null ? [target.task] : []
      return [...target.copies, ...task].map((copy) => copy.name)
    }),
  )
}

function isOneOff(copy: Instance): boolean {
  return copy.type === oneOffType
}

function earliest(times: readonly (number | null)[]): number | null {
  const some = times.filter((time) => time !== null)
  return some.length === 0 ? null : Math.min(...some)
}
