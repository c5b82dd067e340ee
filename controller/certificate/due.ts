import type { Hindrance } from './hindrance.ts'

const minute = 60_000
const hour = 60 * minute

/** Number in [0, 1); passed in so that tests know it. */
export type Random = () => number

/**
 * When a certificate is renewed that nobody has a wish about: when two thirds of its life are over,
 * a little earlier by chance so that those made together are not renewed together.
 */
export function renewAt(
  { starts_at, expires_at }: { readonly starts_at: string; readonly expires_at: string },
  random: Random,
): Date {
  const from = Date.parse(starts_at)
  const lifeMs = Date.parse(expires_at) - from
  return new Date(from + lifeMs * (2 / 3 - random() / 20))
}

/** A time in the window an authority has named (RFC 9773, 4.2), evenly by chance. */
export function timeIn(
  { start, end }: { readonly start: Date; readonly end: Date },
  random: Random,
): Date {
  return new Date(start.getTime() + random() * (end.getTime() - start.getTime()))
}

/** First pause and longest one, by why it failed. Where DNS is being set up somebody waits. */
const pauses: Readonly<Record<Hindrance['kind'], readonly [first: number, longest: number]>> = {
  elsewhere: [30_000, 15 * minute],
  platform: [30_000, 15 * minute],
  bug: [minute, hour],
  authority: [2 * minute, 12 * hour],
  budget: [hour, 12 * hour],
}

/** How long to wait after so many failures: twice as long each time, by chance a quarter more or less. */
export function pauseAfter(
  { kind, waitMs = 0 }: Pick<Hindrance, 'kind' | 'waitMs'>,
  failures: number,
  random: Random,
): number {
  const [first, longest] = pauses[kind]
  const ms = Math.min(first * 2 ** Math.min(failures - 1, 20), longest)
  return Math.max(Math.round(ms * (0.75 + random() / 2)), waitMs)
}
