import type { CronEntry } from '#contract/cron.ts'
import type { CronRunRow } from '#controller/store/tables.ts'
import { parseSchedule } from '#lib/schedule.ts'

/** An entry and its place in the list of its release, from 1. */
export interface Numbered {
  readonly number: number
  readonly entry: CronEntry
}

/** The entries whose time is the minute that begins at `at`. */
export function dueAt(entries: readonly CronEntry[], at: Date): Numbered[] {
  return entries
    .map((entry, index) => ({ number: index + 1, entry }))
    .filter(({ entry }) => !entry.maintenance && parseSchedule(entry.schedule)?.isAt(at) === true)
}

/** What becomes of a run. */
export type Verdict = { readonly kind: 'start'; readonly replaces: boolean } | Skip

export interface Skip {
  readonly kind: 'skip'
  /** Part of a sentence. */
  readonly reason: string
  /** What stands in its way. */
  readonly behind: readonly CronRunRow[]
}

/** Runs of one environment that may go on side by side. */
const atOnce = 20

/** Whether an entry is run while these runs of its environment go on. */
export function judge(entry: CronEntry, open: readonly CronRunRow[]): Verdict {
  const same = open.filter((run) => isOf(run, entry))
  const policy = entry.concurrency_policy
  const [first] = same
  if (policy === 'forbid' && first !== undefined) {
    const reason = `the run of ${shortTime(first.due_at)} still goes on`
    return { kind: 'skip', reason, behind: same }
  }
  const replaces = policy === 'replace' && same.length > 0
  // One place only: those that could not be stopped yet take theirs.
  const beside = replaces ? open.length - 1 : open.length
  if (beside < atOnce) return { kind: 'start', replaces }
  const reason = `${beside} runs of the app go on, which is the most`
  return { kind: 'skip', reason, behind: open }
}

/** What the same runs are told by, whatever their release. */
export function isOf(
  run: Pick<CronRunRow, 'schedule' | 'command'>,
  entry: Pick<CronEntry, 'schedule' | 'command'>,
): boolean {
  return run.schedule === entry.schedule && run.command === entry.command
}

const lateMs = 60_000

/** A run is started within a minute of its time, or not at all. */
export function isLate({ due_at }: Pick<CronRunRow, 'due_at'>, nowMs: number): boolean {
  return nowMs - Date.parse(due_at) >= lateMs
}

/** `2026-01-31T03:00:00Z` */
function shortTime(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}
