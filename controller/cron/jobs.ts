import type { CronEntry, CronJob } from '#contract/cron.ts'
import { newestCronRun } from '#controller/store/cron-runs.ts'
import { servingDeployment } from '#controller/store/deployments.ts'
import type { CronRunRow, Store } from '#controller/store/tables.ts'
import { parseSchedule } from '#lib/schedule.ts'

/** What the serving release of an environment runs by schedule; empty before there is one. */
export async function cronJobs(db: Store, environmentId: string, now: Date): Promise<CronJob[]> {
  const serving = await servingDeployment(db, environmentId)
  const entries = JSON.parse(serving?.cron ?? '[]') as CronEntry[]
  const runs = await Promise.all(entries.map((entry) => newestCronRun(db, environmentId, entry)))
  return entries.map((entry, index) => ({
    number: index + 1,
    ...entry,
    next_run_at: nextRun(entry, now),
    last_run: lastRun(runs[index]),
  }))
}

function nextRun({ maintenance, schedule }: CronEntry, now: Date): string | null {
  return maintenance ? null : (parseSchedule(schedule)?.next(now)?.toISOString() ?? null)
}

function lastRun(row: CronRunRow | undefined): CronJob['last_run'] {
  if (row === undefined) return null
  const { due_at, started_at, ended_at, exit_code } = row
  return { due_at, started_at, ended_at, exit_code }
}
