import { readPlace } from '#controller/deploy/place.ts'
import { openCronRuns } from '#controller/store/cron-runs.ts'
import type { CronRunRow } from '#controller/store/tables.ts'
import type { Instance } from '#driver/driver.ts'
import type { CronDeps } from './deps.ts'
import type { Starter } from './starter.ts'

/** A run is started within a minute of its time, or not at all. */
const lateMs = 60_000
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
  for (const row of lost)
    await takeUp(deps, starter, { row, instance: seen.get(row.name), nowMs }, limit)
  return false
}

interface Lost {
  readonly row: CronRunRow
  readonly instance: Instance | undefined
  readonly nowMs: number
}

async function takeUp(
  { store, runs, fleet }: CronDeps,
  starter: Starter,
  { row, instance, nowMs }: Lost,
  signal: AbortSignal,
): Promise<void> {
  if (instance !== undefined && instance.state !== 'created') return runs.watch(instance)
  const place = await readPlace(store, row.environment_id)
  const isInTime = row.started_at === null && nowMs - Date.parse(row.due_at) < lateMs
  if (place !== null && isInTime) return starter.startSoon(row, place.app)
  // There may be one that was made and never started.
  await fleet.stop(row.name, 0, signal)
  await starter.giveUp(row)
}
