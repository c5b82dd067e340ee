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

  /** Bytes for later. They are copied. */
  keep(bytes: Buffer): void {
    this.#kept = this.#kept === null ? Buffer.from(bytes) : Buffer.concat([this.#kept, bytes])
  }

  add(bytes: Buffer): void {
    const kept = this.#kept
    this.#kept = null
    this.#handOver(kept === null ? bytes : Buffer.concat([kept, bytes]))
  }

  /** Tries again with what is kept. */
  retry(): void {
    const kept = this.#kept
    this.#kept = null
    if (kept !== null) this.#handOver(kept)
  }

  clear(): void {
    this.#kept = null
  }

  #handOver(bytes: Buffer): void {
    this.#isBusy = true
    let at = 0
    while (at < bytes.length) {
      const next = this.#step(bytes, at)
      if (next === at) break
      at = next
    }
    this.#isBusy = false
    if (at < bytes.length) this.keep(bytes.subarray(at))
  }
}
