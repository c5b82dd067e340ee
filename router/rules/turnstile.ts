/** Work that runs so many at a time; a bounded number waits, in order. */
export class Turnstile {
  readonly #width: number
  readonly #queue: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(width: number, queue: number) {
    this.#width = width
    this.#queue = queue
  }

  /** Null, at once: too many wait. */
  pass<T>(work: () => Promise<T>): Promise<T> | null {
    if (this.#inside < this.#width) return this.#enter(work)
    if (this.#waiting.length >= this.#queue) return null
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#enter(work))
  }

  async #enter<T>(work: () => Promise<T>): Promise<T> {
    this.#inside += 1
    try {
      return await work()
    } finally {
      this.#inside -= 1
      this.#waiting.shift()?.()
    }
  }
}
