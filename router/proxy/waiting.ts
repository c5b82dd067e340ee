/** A request that waits for an instance, or for a slot of one. */
export interface Waiter {
  /** Bytes it keeps in memory meanwhile. */
  readonly heldBytes: number
  /** Goes its way if it can; false: it must wait on. */
  retry(): boolean
}

/** How often those who wait look again, whatever they are told. */
const lookEveryMs = 100
/** All that waits may keep so much in memory, over all sites. */
const allBytesLimit = 64 * 1024 ** 2

let allBytes = 0

/** Requests to one site that wait, first come, first served. */
export class WaitingRoom {
  readonly #waiters = new Set<Waiter>()
  #timer: NodeJS.Timeout | null = null
  #isCalling = false

  get size(): number {
    return this.#waiters.size
  }

  /** False when there is no room. */
  enter(waiter: Waiter, limit: number): boolean {
    if (this.#waiters.size >= limit || allBytes + waiter.heldBytes > allBytesLimit) return false
    this.#waiters.add(waiter)
    allBytes += waiter.heldBytes
    this.#timer ??= setInterval(() => this.call(), lookEveryMs).unref()
    return true
  }

  leave(waiter: Waiter): void {
    if (!this.#waiters.delete(waiter)) return
    allBytes -= waiter.heldBytes
    if (this.#waiters.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  /** Lets go, in their order, all that can go now. */
  call(): void {
    if (this.#isCalling) return
    this.#isCalling = true
    for (const waiter of this.#waiters) if (!waiter.retry()) break
    this.#isCalling = false
  }
}
