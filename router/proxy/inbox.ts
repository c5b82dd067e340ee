/** Takes bytes from `at` and returns the offset after them; the same offset: it cannot take any now. */
export type Step = (bytes: Buffer, at: number) => number

/** The bytes of a connection, handed over step by step; what comes before its time is kept. */
export class Inbox {
  readonly #step: Step
  #kept: Buffer | null = null
  #isBusy = false

  constructor(step: Step) {
    this.#step = step
  }

  /** How many bytes are kept. */
  get size(): number {
    return this.#kept?.length ?? 0
  }

  /** A step is under way: it will go on by itself. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /**
   * Bytes for later. They are copied, unless they are `ours` already: each of very many requests sent
   * ahead would copy all that follow it.
   */
  keep(bytes: Buffer, ours = false): void {
    if (this.#kept !== null) this.#kept = Buffer.concat([this.#kept, bytes])
    else this.#kept = ours ? bytes : Buffer.from(bytes)
  }

  add(bytes: Buffer): void {
    const kept = this.#kept
    this.#kept = null
    if (kept === null) this.#handOver(bytes, false)
    else this.#handOver(Buffer.concat([kept, bytes]), true)
  }

  /** Tries again with what is kept. */
  retry(): void {
    const kept = this.#kept
    this.#kept = null
    if (kept !== null) this.#handOver(kept, true)
  }

  clear(): void {
    this.#kept = null
  }

  #handOver(bytes: Buffer, ours: boolean): void {
    this.#isBusy = true
    let at = 0
    while (at < bytes.length) {
      const next = this.#step(bytes, at)
      if (next === at) break
      at = next
    }
    this.#isBusy = false
    if (at < bytes.length) this.keep(bytes.subarray(at), ours)
  }
}
