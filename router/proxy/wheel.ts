/**
 * Coarse deadlines for very many connections: one timer for all of them, and setting a deadline
 * again, as every request does, writes one number. A deadline is never early, and late by up to two ticks.
 */
export class Wheel {
  readonly tickMs: number
  /** Ticks since the start; it stands still while no deadline is set. */
  now = 0
  readonly #slots = Array.from({ length: 256 }, () => new Ring())
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
    deadline.follow(this.#slotOf(deadline.slot))
    this.#count += 1
    this.#timer ??= setInterval(() => this.#tick(), this.tickMs).unref()
  }

  remove(deadline: Deadline): void {
    deadline.unlink()
    this.#count -= 1
    if (this.#count > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    this.now += 1
    const slot = this.#slotOf(this.now)
    for (let one = slot.next; one instanceof Deadline; one = slot.next) {
      this.remove(one)
      if (one.due > this.now) this.place(one)
      else this.#fire(one)
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

  #slotOf(tick: number): Ring {
    return this.#slots[tick % this.#slots.length] as Ring
  }
}

/**
 * A ring of deadlines, and each place in it. A Set would do, but for this: when it grows or shrinks
 * it leaves a table behind that still names its members, and once that table is old, all that was
 * ever in it, with all that hangs on it, outlives every young collection.
 */
class Ring {
  next: Ring = this
  #before: Ring = this

  follow(other: Ring): void {
    this.#before = other.#before
    this.next = other
    other.#before.next = this
    other.#before = this
  }

  unlink(): void {
    this.#before.next = this.next
    this.next.#before = this.#before
    this.next = this
    this.#before = this
  }
}

/** One deadline of one connection, set again and again. */
export class Deadline extends Ring {
  /** Tick at which it is due. */
  due = Infinity
  /** Tick at which the wheel looks at it; -1: it does not. */
  slot = -1
  readonly onDue: () => void
  readonly #wheel: Wheel

  constructor(wheel: Wheel, onDue: () => void) {
    super()
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
