import type { Instance } from '#driver/driver.ts'

interface Vigil {
  readonly startedAtMs: number
  readonly stop: AbortController
}

/** What goes on in the background for copies, one thing each, until the run it is for has ended. */
export class Vigils {
  readonly #going = new Map<string, Vigil>()

  /** Begins unless it goes on already. It is over when `keep` is; what that throws is lost. */
  begin(
    { name, startedAtMs }: Pick<Instance, 'name' | 'startedAtMs'>,
    keep: (signal: AbortSignal) => Promise<void>,
  ): void {
    if (this.#going.has(name)) return
    const stop = new AbortController()
    this.#going.set(name, { startedAtMs, stop })
    const over = (): void => {
      stop.abort()
      if (this.#going.get(name)?.stop === stop) this.#going.delete(name)
    }
    keep(stop.signal).then(over, over)
  }

  /** Ends those of copies that are not among these, or have been started anew. */
  endOthers(copies: ReadonlyMap<string, Instance>): void {
    for (const [name, { startedAtMs, stop }] of this.#going) {
      if (copies.get(name)?.startedAtMs === startedAtMs) continue
      stop.abort()
      this.#going.delete(name)
    }
  }

  close(): void {
    this.endOthers(new Map())
  }
}
