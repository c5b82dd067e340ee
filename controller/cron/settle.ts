import { readPlace } from '#controller/deploy/place.ts'
import { cronRunNamed, openCronRuns } from '#controller/store/cron-runs.ts'
import type { Instance } from '#driver/driver.ts'
import type { CronDeps } from './deps.ts'
import { isLate } from './judge.ts'
import type { Starter } from './starter.ts'

const engineMs = 15_000

/**
 * Sees to the runs on record that nobody looks after: a controller that was killed leaves some, and
 * so does an engine that is down. True when there is none left to come back for.
 */
export async function settle(
  deps: CronDeps,
  starter: Starter,
  nowMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const open = await openCronRuns(deps.store)
  const lost = open.filter(({ name }) => !deps.runs.isWatched(name) && !starter.isStarting(name))
  if (lost.length === 0) return true
  const limit = AbortSignal.any([signal, AbortSignal.timeout(engineMs)])
  const seen = new Map((await deps.fleet.list({}, limit)).map((one) => [one.name, one]))
  for (const { name } of lost)
    await takeUp(deps, starter, { name, instance: seen.get(name), nowMs }, limit)
  return false
}

interface Lost {
  readonly name: string
  readonly instance: Instance | undefined
  readonly nowMs: number
}

async function takeUp(
  { store, runs, fleet }: CronDeps,
  starter: Starter,
  { name, instance, nowMs }: Lost,
  signal: AbortSignal,
): Promise<void> {
  // Read again: it may have been started or have ended while the engine was asked.
  const row = await cronRunNamed(store, name)
  if (row === undefined || row.ended_at !== null || starter.isStarting(name)) return
  if (instance !== undefined && instance.state !== 'created') {
    starter.forget(name)
    return runs.watch(instance)
  }
  const place = await readPlace(store, row.environment_id)
  const isInTime = row.started_at === null && !isLate(row, nowMs)
  if (place !== null && isInTime) return starter.startSoon(row, place.app)
  // There may be one that was made and never started.
  await fleet.stop(name, 0, signal)
  await starter.giveUp(row)
}
