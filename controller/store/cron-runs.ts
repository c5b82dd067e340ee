import type { CronEntry } from '#contract/cron.ts'
import { liveStates } from '#controller/deploy/deployment.ts'
import type { AppRow, CronRunRow, Store } from './tables.ts'

/** An environment whose serving release runs something by schedule. */
export interface Scheduled {
  readonly app: AppRow
  readonly environmentId: string
  /** JSON array of `CronEntry`. */
  readonly cron: string
}

export async function allScheduled(db: Store): Promise<Scheduled[]> {
  const serving = db
    .selectFrom('deployments')
    .select((column) => column.fn.max('seq').as('seq'))
    .where('state', 'in', liveStates)
    .groupBy('environment_id')
  const rows = await db
    .selectFrom('deployments')
    .innerJoin('releases', 'releases.id', 'deployments.release_id')
    .innerJoin('environments', 'environments.id', 'deployments.environment_id')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .selectAll('apps')
    .select(['environments.id as environmentId', 'cron'])
    .where('cron', '!=', '[]')
    .where('seq', 'in', serving)
    .orderBy('seq')
    .execute()
  return rows.map(({ environmentId, cron, ...app }) => ({ app, environmentId, cron }))
}

/** Records a run that is to be started; false when there is one of the same entry and time. */
export async function insertCronRun(db: Store, row: CronRunRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await db
    .insertInto('cron_runs')
    .values(row)
    .onConflict((on) => on.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows > 0n
}

type Entry = Pick<CronEntry, 'schedule' | 'command'>

/**
 * Forgets the runs of an environment that were due before a time and have ended, but for the newest
 * of each of these entries.
 */
export async function pruneCronRuns(
  db: Store,
  environmentId: string,
  entries: readonly Entry[],
  before: string,
): Promise<void> {
  await db
    .deleteFrom('cron_runs')
    .where('environment_id', '=', environmentId)
    .where('due_at', '<', before)
    .where('ended_at', 'is not', null)
    .where((row) => {
      const newer = row
        .selectFrom('cron_runs as newer')
        .select('newer.name')
        .whereRef('newer.environment_id', '=', 'cron_runs.environment_id')
        .whereRef('newer.schedule', '=', 'cron_runs.schedule')
        .whereRef('newer.command', '=', 'cron_runs.command')
        .whereRef('newer.due_at', '>', 'cron_runs.due_at')
      const serves = entries.map(({ schedule, command }) => row.and({ schedule, command }))
      return row.or([row.exists(newer), row.not(row.or(serves))])
    })
    .execute()
}

/** Runs without an end, of one environment or of all, oldest first. */
export function openCronRuns(db: Store, environmentId?: string): Promise<CronRunRow[]> {
  const open = db.selectFrom('cron_runs').selectAll().where('ended_at', 'is', null)
  const some = environmentId === undefined ? open : open.where('environment_id', '=', environmentId)
  return some.orderBy('due_at').execute()
}

export function newestCronRun(
  db: Store,
  environmentId: string,
  { schedule, command }: Entry,
): Promise<CronRunRow | undefined> {
  return db
    .selectFrom('cron_runs')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .where('schedule', '=', schedule)
    .where('command', '=', command)
    .orderBy('due_at', 'desc')
    .executeTakeFirst()
}

export function cronRunNamed(db: Store, name: string): Promise<CronRunRow | undefined> {
  return db.selectFrom('cron_runs').selectAll().where('name', '=', name).executeTakeFirst()
}

export async function startCronRun(db: Store, name: string, at: string): Promise<void> {
  await db
    .updateTable('cron_runs')
    .set({ started_at: at })
    .where('name', '=', name)
    .where('ended_at', 'is', null)
    .execute()
}

/** Once: how a run ended stays. One with an exit code was started, even if nobody could record that. */
export async function endCronRun(
  db: Store,
  name: string,
  end: Pick<CronRunRow, 'ended_at' | 'exit_code'>,
): Promise<void> {
  await db
    .updateTable('cron_runs')
    .set((row) => ({
      ...end,
      ...(end.exit_code === null ? {} : { started_at: row.fn.coalesce('started_at', 'due_at') }),
    }))
    .where('name', '=', name)
    .where('ended_at', 'is', null)
    .execute()
}
