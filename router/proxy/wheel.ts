/**
 * Coarse deadlines for very many connections: one timer for all of them, and setting a deadline
 * again, as every request does, writes one number. A deadline is never early, and late by up to two ticks.
 */
export class Wheel {
  readonly tickMs: number
  /** Ticks since the start; it stands still while no deadline is set. */
  now = 0
  readonly #slots = Array.from({ length: 256 }, () => new Set<Deadline>())
  readonly #onError: (error: unknown) => void
  #count = 0
  #timer: NodeJS.Timeout | null = null

  constructor(tickMs: number, onError: (error: unknown) => void) {
    this.tickMs = tickMs
    this.#onError = onError
  }

  deadline(onDue: () => void): Deadline {
    return new Deadline(this, onDue)
  }

  /** Puts a deadline into the slot of its tick, or into the farthest one, to be put again then. */
  place(deadline: Deadline): void {
    deadline.slot = Math.min(deadline.due, this.now + this.#slots.length - 1)
    this.#slotOf(deadline.slot).add(deadline)
    this.#count += 1
    this.#timer ??= setInterval(() => this.#tick(), this.tickMs).unref()
  }

  remove(deadline: Deadline): void {
    if (!this.#slotOf(deadline.slot).delete(deadline)) return
    this.#count -= 1
    if (this.#count > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    this.now += 1
    for (const deadline of this.#slotOf(this.now)) {
      this.remove(deadline)
      if (deadline.due > this.now) this.place(deadline)
      else this.#fire(deadline)
    }
  }

  #fire(deadline: Deadline): void {
    deadline.slot = -1
    try {
      deadline.onDue()
    } catch (error) {
      this.#onError(error)
    }
  }

  #slotOf(tick: number): Set<Deadline> {
    return this.#slots[tick % this.#slots.length] as Set<Deadline>
  }
}

/** One deadline of one connection, set again and again. */
export class Deadline {
  /** Tick at which it is due. */
  due = Infinity
  /** Tick at which the wheel looks at it; -1: it does not. */
  slot = -1
  readonly onDue: () => void
  readonly #wheel: Wheel

  constructor(wheel: Wheel, onDue: () => void) {
    this.#wheel = wheel
    this.onDue = onDue
  }

  set(ms: number): void {
    this.due = this.#wheel.now + Math.ceil(ms / this.#wheel.tickMs) + 1
    if (this.slot >= 0 && this.slot <= this.due) return
    this.#leave()
    this.#wheel.place(this)
  }

  /** Not due until it is set again; cheap. */
  suspend(): void {
    this.due = Infinity
  }

  /** For good: the wheel forgets it. */
  clear(): void {
    this.due = Infinity
    this.#leave()
  }

  #leave(): void {
    if (this.slot >= 0) this.#wheel.remove(this)
    this.slot = -1
  }
}
