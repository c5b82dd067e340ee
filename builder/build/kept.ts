/** What was found out lately, by what it was found out about; of more than `most` the last used stay. */
export class Kept<T extends string | number> {
  readonly #most: number
  readonly #found = new Map<string, T>()

  constructor(most: number) {
    this.#most = most
  }

  /** What is known, else what `find` answers. */
  async get(key: string, find: () => Promise<T>): Promise<T> {
    const found = this.#found.get(key) ?? (await find())
    this.#found.delete(key)
    this.#found.set(key, found)
    for (const old of [...this.#found.keys()].slice(0, -this.#most)) this.#found.delete(old)
    return found
  }
}
