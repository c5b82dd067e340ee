import type { Instance } from './instance.ts'

/** The instances of one host name. */
export class Target {
  readonly instances: readonly Instance[]
  #next = 0

  constructor(instances: readonly Instance[]) {
    this.instances = instances
  }

  /**
   * The instance with the fewest requests under way, in turn where several have as few.
   *
   * Those that were tried already are left out; those that refused a connection a moment ago are
   * asked only when there is no other. Undefined when none is left. `now` is `performance.now()`.
   */
  pick(tried: readonly Instance[], now: number): Instance | undefined {
    const { instances } = this
    let best: Instance | undefined
    this.#next = (this.#next + 1) % Math.max(instances.length, 1)
    for (let i = 0; i < instances.length; i += 1) {
      const candidate = instances[(this.#next + i) % instances.length] as Instance
      if (tried.includes(candidate)) continue
      if (best === undefined || isBetter(candidate, best, now)) best = candidate
    }
    return best
  }
}

function isBetter(candidate: Instance, best: Instance, now: number): boolean {
  const isEjected = candidate.ejectedUntil > now
  if (isEjected !== best.ejectedUntil > now) return !isEjected
  return candidate.inFlight < best.inFlight
}
