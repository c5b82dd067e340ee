/** How often something may happen: `burst` times at once, and `perSecond` again every second. */
export class Bucket {
  readonly #burst: number
  readonly #perSecond: number
  #left: number
  #since = 0

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#left = burst
  }

  /** Whether it may happen once more, or `count` times, at `now`, in milliseconds. */
  take(now: number, count = 1): boolean {
    const gained = ((now - this.#since) / 1000) * this.#perSecond
    this.#left = Math.min(this.#burst, this.#left + gained) - count
    this.#since = now
    return this.#left >= 0
  }
}
