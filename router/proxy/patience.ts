import { now } from '#router/clock.ts'
import type { Deadline } from './wheel.ts'

/** Until when a request waits, maybe more than once: for an instance, or for a slot. */
export class Patience {
  readonly #deadline: Deadline
  readonly #until: number
  #since = 0

  /** `deadline` is due when `ms` have passed and it still waits. */
  constructor(ms: number, deadline: Deadline) {
    this.#until = now() + ms
    this.#deadline = deadline
  }

  get isWaiting(): boolean {
    return this.#since > 0
  }

  get isOver(): boolean {
    return this.#until <= now()
  }

  begin(): void {
    this.#since = now()
    this.#deadline.set(this.#until - this.#since)
  }

  /** Returns how many milliseconds it has waited since `begin`. */
  end(): number {
    const heldMs = now() - this.#since
    this.#since = 0
    this.#deadline.clear()
    return heldMs
  }
}
