/** Lets so many builds run at once and tells the others how many are before them. */
export class BuildQueue {
  readonly #atOnce: number
  #running = 0
  #waiting: Waiting[] = []

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /**
   * Waits for a turn and answers how to give it back. `onPlace` hears the number of builds before this
   * one whenever it changes. Rejects when `signal` aborts.
   */
  async enter(onPlace: (before: number) => void, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#running < this.#atOnce) {
      this.#running += 1
      return this.#turn()
    }
    const turn = Promise.withResolvers<() => void>()
    const waiting: Waiting = { start: () => turn.resolve(this.#turn()), onPlace }
    const leave = (): void => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      turn.reject(signal.reason as Error)
      this.#tell()
    }
    this.#waiting.push(waiting)
    onPlace(this.#waiting.length - 1 + this.#running)
    signal.addEventListener('abort', leave, { once: true })
    return turn.promise.finally(() => signal.removeEventListener('abort', leave))
  }

  #turn(): () => void {
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next.start()
      this.#tell()
    }
  }

  #tell(): void {
    for (const [index, { onPlace }] of this.#waiting.entries()) onPlace(index + this.#running)
  }
}

interface Waiting {
  readonly start: () => void
  readonly onPlace: (before: number) => void
}
