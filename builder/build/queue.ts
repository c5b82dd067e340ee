/** How many builds run at once: over the whole platform, and of one user. */
export interface QueueLimits {
  readonly atOnce: number
  readonly perUser: number
}

/** How many builds begin before this one; `own`: it waits for the user's own ones, whatever others do. */
export interface Place {
  readonly before: number
  readonly own: boolean
}

/**
 * Lets so many builds run at once and tells the others their place.
 *
 * Turns go round the users: of those who wait, whoever had a turn longest ago is next, so that twenty
 * pushes of one user keep another waiting for one build and not for twenty.
 */
export class BuildQueue {
  readonly #limits: QueueLimits
  readonly #running = new Map<string, number>()
  /** When each user had a turn last, counted in turns. */
  readonly #lastTurn = new Map<string, number>()
  #turns = 0
  #waiting: Waiting[] = []

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /**
   * Waits for a turn and answers how to give it back. `onPlace` hears the place of this build
   * whenever it changes. Rejects when `signal` aborts.
   */
  async enter(
    user: string,
    onPlace: (place: Place) => void,
    signal: AbortSignal,
  ): Promise<() => void> {
    signal.throwIfAborted()
    const turn = Promise.withResolvers<() => void>()
    const waiting: Waiting = { user, start: () => turn.resolve(this.#turnOf(user)), onPlace }
    const leave = (): void => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      turn.reject(signal.reason as Error)
      this.#tell()
    }
    this.#waiting.push(waiting)
    signal.addEventListener('abort', leave, { once: true })
    this.#next()
    return turn.promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /** Starts whoever may, and tells the others. */
  #next(): void {
    for (let next = this.#whoMay(); next !== undefined; next = this.#whoMay()) {
      this.#waiting = this.#waiting.filter((other) => other !== next)
      this.#running.set(next.user, this.#runningOf(next.user) + 1)
      this.#turns += 1
      this.#lastTurn.set(next.user, this.#turns)
      next.start()
    }
    this.#tell()
  }

  #whoMay(): Waiting | undefined {
    if (this.#runningNow() >= this.#limits.atOnce) return undefined
    return this.#inOrder().find(({ user }) => this.#runningOf(user) < this.#limits.perUser)
  }

  #turnOf(user: string): () => void {
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#running.set(user, this.#runningOf(user) - 1)
      this.#next()
    }
  }

  #tell(): void {
    for (const [index, waiting] of this.#inOrder().entries()) {
      const place = this.#placeOf(waiting, index)
      if (place.before === waiting.told?.before && place.own === waiting.told.own) continue
      waiting.told = place
      waiting.onPlace(place)
    }
  }

  #placeOf({ user }: Waiting, index: number): Place {
    const isFree = this.#runningNow() < this.#limits.atOnce
    if (isFree) return { before: this.#runningOf(user), own: true }
    return { before: index + this.#runningNow(), own: false }
  }

  /** Those who wait in the order of their turns, were nobody held back by the limit per user. */
  #inOrder(): Waiting[] {
    const last = new Map(this.#lastTurn)
    const left = [...this.#waiting]
    const order: Waiting[] = []
    for (let turn = this.#turns + 1; left.length > 0; turn += 1) {
      const times = left.map(({ user }) => last.get(user) ?? 0)
      const [next] = left.splice(times.indexOf(Math.min(...times)), 1)
      if (next === undefined) break
      last.set(next.user, turn)
      order.push(next)
    }
    return order
  }

  #runningOf(user: string): number {
    return this.#running.get(user) ?? 0
  }

  #runningNow(): number {
    return [...this.#running.values()].reduce((sum, count) => sum + count, 0)
  }
}

interface Waiting {
  readonly user: string
  readonly start: () => void
  readonly onPlace: (place: Place) => void
  told?: Place
}
