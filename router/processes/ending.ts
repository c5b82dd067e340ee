/** How a serving process ends, see `Service.close`. */
export interface Farewell {
  readonly graceMs: number
  readonly restMs: number
}

/** Told to stop: what is under way may end, and nobody is left for those who would ask once more. */
export const stopping: Farewell = { graceMs: 10_000, restMs: 0 }

/** Replaced by another one: `drainMs` for requests and tunnels, and nobody is turned away. */
export function drainingFor(drainMs: number): Farewell {
  return { graceMs: drainMs, restMs: 5000 }
}

/**
 * The end of a process that serves. It may be told again: one that drains at its leisure is told to
 * stop. The last word holds.
 */
export class Ending {
  #farewell: Farewell | null = null
  #onTold: ((farewell: Farewell) => void) | null = null

  tell(farewell: Farewell): void {
    this.#farewell = farewell
    this.#onTold?.(farewell)
  }

  /** Waits until it is told, and then for `close`, which is called each time it is told. */
  reached(close: (farewell: Farewell) => Promise<void> | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#onTold = (farewell) => void Promise.resolve(close(farewell)).then(resolve, reject)
    if (this.#farewell !== null) this.#onTold(this.#farewell)
    return promise
  }
}

/** Resolves at the first signal to stop, with its name. */
export function untilSignalled(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}
