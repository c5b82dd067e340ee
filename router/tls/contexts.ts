import type { SecureContext } from 'node:tls'

/**
 * Contexts of the hosts that were asked for last. One takes about 50 KiB and a millisecond to make,
 * so neither all of them are held nor one made for each handshake.
 */
export class Contexts {
  readonly #limit: number
  readonly #make: (id: string) => SecureContext | undefined
  /** Those used last come last. */
  readonly #made = new Map<string, SecureContext>()

  /** `make` answers nothing when there can be none. */
  constructor(limit: number, make: (id: string) => SecureContext | undefined) {
    this.#limit = limit
    this.#make = make
  }

  get(id: string): SecureContext | undefined {
    const context = this.#made.get(id) ?? this.#make(id)
    this.#made.delete(id)
    if (context === undefined) return undefined
    this.#made.set(id, context)
    if (this.#made.size > this.#limit) this.#forgetOldest()
    return context
  }

  forget(id: string): void {
    this.#made.delete(id)
  }

  get size(): number {
    return this.#made.size
  }

  #forgetOldest(): void {
    for (const id of this.#made.keys()) {
      this.#made.delete(id)
      return
    }
  }
}
