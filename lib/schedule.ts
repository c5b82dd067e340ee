import { Cron } from 'croner'

/** When something recurs, in UTC, to the minute. */
export interface Schedule {
  /** Whether the minute that begins at `at` is one of its times. */
  readonly isAt: (at: Date) => boolean
  /** Its first time after `after`; null: it has none. */
  readonly next: (after: Date) => Date | null
}

const nickname = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/
/** Numbers, names of days and months, lists, ranges and steps: what every cron knows, and no more. */
const field = /^(?:\d|[A-Za-z]{3}(?![A-Za-z])|[*,/-])+$/

/**
 * `0 3 * * *` or `@daily`; null for what is no schedule, or never comes (30 February).
 *
 * Fields are read by croner, which knows leap years and that a day of the month or one of the week
 * suffices where both are given. It is asked for times only, and starts no timers.
 */
export function parseSchedule(text: string): Schedule | null {
  const isKnown = nickname.test(text) || text.split(' ').every((part) => field.test(part))
  if (!isKnown) return null
  try {
    const cron = new Cron(text, { mode: '5-part', utcOffset: 0 })
    if (cron.nextRun() === null) return null
    return { isAt: (at) => cron.match(at), next: (after) => cron.nextRun(after) }
  } catch {
    return null
  }
}
