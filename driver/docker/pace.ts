import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How fast something may come. Whoever waits for it holds up the one who sends: a build that prints
 * without end waits for its pipe, in place of keeping engine, builder and controller busy.
 */
export class Pace {
  readonly #bytesPerMs: number
  readonly #burst: number
  #left: number
  #since = performance.now()

  /** `burst`: bytes that may come at once. */
  constructor(bytesPerSecond: number, burst: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#burst = burst
    this.#left = burst
  }

  /** Waits until as many bytes more may come. */
  async take(bytes: number): Promise<void> {
    const now = performance.now()
    const gained = (now - this.#since) * this.#bytesPerMs
    this.#left = Math.min(this.#burst, this.#left + gained) - bytes
    this.#since = now
    if (this.#left < 0) await sleep(-this.#left / this.#bytesPerMs)
  }
}
