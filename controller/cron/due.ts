import type { CronEntry } from '#contract/cron.ts'
import { cronType } from '#controller/deploy/copy.ts'
import { allScheduled } from '#controller/store/cron-runs.ts'
import type { Store } from '#controller/store/tables.ts'
import { claim, type Serving } from './claim.ts'
import type { CronDeps } from './deps.ts'
import { dueAt, type Numbered, type Skip } from './judge.ts'
import type { Starter } from './starter.ts'

/** A run whose time has come. */
export interface Due {
  readonly where: Serving
  readonly numbered: Numbered
  readonly at: Date
}

/** One that may not be started, for now. */
export interface Blocked extends Due {
  readonly skip: Skip
}

const engineMs = 15_000

/** What the serving releases have for the minute that begins at `at`. */
export async function allDue(db: Store, at: Date): Promise<Due[]> {
  return (await allScheduled(db)).flatMap(({ cron, ...rest }) => {
    const where = { ...rest, entries: JSON.parse(cron) as CronEntry[] }
    return dueAt(where.entries, at).map((numbered) => ({ where, numbered, at }))
  })
}

/** Records and starts what may be started; the others are left. */
export async function startAll(
  deps: CronDeps,
  starter: Starter,
  all: readonly Due[],
): Promise<Blocked[]> {
  const left: Blocked[] = []
  for (const due of all) {
    const claimed = await claim(deps, due.where, due.numbered, due.at)
    if (claimed.kind === 'row') starter.startSoon(claimed.row, due.where.app)
    if (claimed.kind === 'skip') left.push({ ...due, skip: claimed })
  }
  return left
}

/**
 * Skips those whose way is seen to be blocked. Left are those behind a run that the engine says is
 * over: that is on record soon. Throws what the engine throws.
 */
export async function skipAll(
  deps: CronDeps,
  starter: Starter,
  blocked: readonly Blocked[],
  signal: AbortSignal,
): Promise<Blocked[]> {
  if (blocked.length === 0) return []
  const limit = AbortSignal.any([signal, AbortSignal.timeout(engineMs)])
  const seen = await deps.fleet.list({}, limit)
  const running = new Set(seen.filter(({ state }) => state === 'running').map(({ name }) => name))
  const isSure = ({ skip }: Blocked): boolean =>
    skip.behind.every(({ name }) => running.has(name) || starter.isStarting(name))
  saySkipped(deps, blocked.filter(isSure))
  return blocked.filter((one) => !isSure(one))
}

export function saySkipped({ logs }: Pick<CronDeps, 'logs'>, blocked: readonly Blocked[]): void {
  for (const { where, numbered, skip } of blocked) {
    const from = `${cronType}.${numbered.number}`
    logs.event(where.environmentId, from, `is skipped: ${skip.reason}`)
  }
}
