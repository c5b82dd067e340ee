import { failure } from '#contract/error.ts'

export interface AttemptsOptions {
  /** Failed attempts one source has in a window. */
  readonly limit: number
  readonly windowMs: number
  readonly now: () => Date
}

/** Counts failed attempts to get in, by where they come from. */
export class Attempts {
  readonly #options: AttemptsOptions
  #counts = new Map<string, number>()
  #windowEndsMs = 0

  constructor(options: AttemptsOptions) {
    this.#options = options
  }

  /**
   * Makes an attempt; one that answers null has failed. It counts from its start, so that many at
   * once are no way around the limit. Throws TOO_MANY.
   */
  async make<T>(source: string, attempt: () => Promise<T | null>): Promise<T | null> {
    this.#count(source)
    const outcome = await attempt()
    if (outcome !== null) this.#forgive(source)
    return outcome
  }

  #count(source: string): void {
    const nowMs = this.#options.now().getTime()
    if (nowMs >= this.#windowEndsMs) this.#begin(nowMs)
    const count = (this.#counts.get(source) ?? 0) + 1
    if (count > this.#options.limit) {
      throw failure('TOO_MANY', { seconds: Math.ceil((this.#windowEndsMs - nowMs) / 1000) })
    }
    this.#counts.set(source, count)
  }

  /** One attempt only: whoever has an account of their own gains no more tries at others. */
  #forgive(source: string): void {
    this.#counts.set(source, Math.max(0, (this.#counts.get(source) ?? 0) - 1))
  }

  #begin(nowMs: number): void {
    this.#counts = new Map()
    this.#windowEndsMs = nowMs + this.#options.windowMs
  }
}
