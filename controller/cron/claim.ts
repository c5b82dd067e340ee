import type { CronEntry } from '#contract/cron.ts'
import { newCronName } from '#controller/run/name.ts'
import { insertCronRun, openCronRuns, pruneCronRuns } from '#controller/store/cron-runs.ts'
import type { AppRow, CronRunRow } from '#controller/store/tables.ts'
import type { CronDeps } from './deps.ts'
import { isOf, judge, type Numbered, type Skip } from './judge.ts'

/** Where something is run. */
export interface Where {
  readonly app: AppRow
  readonly environmentId: string
}

/** Where a release serves, and all that it has by schedule. */
export interface Serving extends Where {
  readonly entries: readonly CronEntry[]
}

/** What came of asking for a run; `taken`: it is on record for that time already. */
export type Claim =
  | { readonly kind: 'row'; readonly row: CronRunRow }
  | Skip
  | { readonly kind: 'taken' }

/** How long runs that have ended are remembered; the newest of an entry that serves always is. */
const keptMs = 3_600_000

/** Records a run, before it is started, unless it may not be: nobody else starts it then. */
export function claim(
  { store, settings }: Pick<CronDeps, 'store' | 'settings'>,
  { app, environmentId, entries }: Serving,
  { number, entry }: Numbered,
  at: Date,
): Promise<Claim> {
  return store.transaction().execute(async (trx) => {
    const due_at = at.toISOString()
    const open = await openCronRuns(trx, environmentId)
    // It does not stand in its own way, when a controller looks at its minute once more.
    if (open.some((run) => isOf(run, entry) && run.due_at === due_at)) return { kind: 'taken' }
    const verdict = judge(entry, open)
    if (verdict.kind === 'skip') return verdict
    const row = {
      environment_id: environmentId,
      schedule: entry.schedule,
      command: entry.command,
      due_at,
      number,
      name: newCronName(settings.instance, app.name, number),
      replaces: verdict.replaces ? 1 : 0,
      started_at: null,
      ended_at: null,
      exit_code: null,
    }
    if (!(await insertCronRun(trx, row))) return { kind: 'taken' }
    const before = new Date(at.getTime() - keptMs).toISOString()
    await pruneCronRuns(trx, environmentId, entries, before)
    return { kind: 'row', row }
  })
}
