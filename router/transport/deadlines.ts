/** Connections that have not proved to be worth anything. */
const handshakeCap = 2000

/** What may be closed because it takes too long. */
export interface Late {
  destroy(): void
}

/** Closes what takes too long, sooner when there are too many. All have the same time, so the oldest is due first. */
export class Deadlines {
  readonly #ms: number
  readonly #due = new Map<Late, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(ms: number) {
    this.#ms = ms
  }

  /** The one that has taken longest makes room: whoever is in earnest needs a moment only. */
  add(late: Late): void {
    if (this.#due.size >= handshakeCap) this.#closeOldest()
    this.#due.set(late, performance.now() + this.#ms)
    this.#timer ??= setInterval(() => this.#sweep(), Math.min(1000, this.#ms)).unref()
  }

  remove(late: Late): void {
    this.#due.delete(late)
  }

  #closeOldest(): void {
    for (const late of this.#due.keys()) {
      this.#due.delete(late)
      return late.destroy()
    }
  }

  #sweep(): void {
    const now = performance.now()
    for (const [late, due] of this.#due) {
      if (due > now) break
      this.#due.delete(late)
      late.destroy()
    }
    if (this.#due.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
