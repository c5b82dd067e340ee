/** A sum that many share. */
export class Budget {
  #left: number

  constructor(size: number) {
    this.#left = size
  }

  /** False, and nothing is taken, when there is not so much left. */
  take(size: number): boolean {
    if (size > this.#left) return false
    this.#left -= size
    return true
  }

  give(size: number): void {
    this.#left += size
  }
}
