/** A connection that waits for its next request. */
export interface Idle {
  /** Tick of the wheel since when it waits. */
  readonly idleSince: number
  close(): void
}

/** Idle connections to one instance. The one used last is taken first, so that the rest can expire. */
export class Pool<T extends Idle> {
  readonly #idle: T[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#idle.length
  }

  /** The connection used last, unless it has waited since before `since`. */
  take(since: number): T | undefined {
    const last = this.#idle.at(-1)
    return last !== undefined && last.idleSince >= since ? this.#idle.pop() : undefined
  }

  /** Closes the connection when there are enough. */
  put(connection: T): void {
    if (this.#idle.length < this.#limit) this.#idle.push(connection)
    else connection.close()
  }

  remove(connection: T): void {
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  closeAll(): void {
    for (const connection of this.#idle.splice(0)) connection.close()
  }
}
