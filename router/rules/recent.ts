/** The words seen most lately that are new; the oldest are forgotten. */
export class Recent {
  readonly #words = new Set<string>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  has(word: string): boolean {
    return this.#words.has(word)
  }

  add(word: string): void {
    this.#words.add(word)
    if (this.#words.size <= this.#limit) return
    const [oldest = ''] = this.#words
    this.#words.delete(oldest)
  }
}
