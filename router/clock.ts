// The global of this name is a getter, which costs more than the call.
import { performance } from 'node:perf_hooks'

/** How long what follows from the clock of the day may be late, in milliseconds. */
const lookAgainMs = 1000
let offset = 0
let lookAt = 0

/** Milliseconds since the process began; never goes back. */
export function now(): number {
  return performance.now()
}

/** What `Date.now()` says at a moment of `now`, without asking it for each. */
export function dateAt(moment: number): number {
  if (moment >= lookAt) {
    offset = Date.now() - moment
    lookAt = moment + lookAgainMs
  }
  return Math.trunc(moment + offset)
}
