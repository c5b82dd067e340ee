import type { Instance } from './instance.ts'

export interface Choice {
  /** Those that were tried already are left out. */
  readonly tried: readonly Instance[]
  /** Requests in flight that one may have. */
  readonly cap: number
  /** Where to begin: equals are asked in turn. */
  readonly turn: number
}

/**
 * The instance with the fewest requests under way, in turn where several have as few; one that
 * refused a connection and has not taken one since only when there is no other.
 */
export function choose(
  instances: readonly Instance[],
  { tried, cap, turn }: Choice,
): Instance | undefined {
  let best: Instance | undefined
  for (let i = 0; i < instances.length; i += 1) {
    const candidate = instances[(turn + i) % instances.length] as Instance
    if (candidate.inFlight >= cap || tried.includes(candidate)) continue
    if (best === undefined || isBetter(candidate, best)) best = candidate
  }
  return best
}

function isBetter(candidate: Instance, best: Instance): boolean {
  if (candidate.isEjected !== best.isEjected) return best.isEjected
  return candidate.inFlight < best.inFlight
}
