/** A signal that is also aborted after a time: a deadline for what has none of its own. */
export function within(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)])
}
