import type { Observer } from './entry.ts'
import type { Shared } from './shared.ts'
import { Shares } from './shares.ts'

/** How many connections there may be, of all and of each address; whoever has one gives it back. */
export class Quota {
  readonly #limit: number
  readonly #shares: Shares
  readonly #observer: Observer
  #count = 0

  constructor({ limits, trusted, observer }: Shared) {
    this.#limit = limits.connections
    this.#shares = new Shares(limits.connectionsPerAddress, trusted)
    this.#observer = observer
  }

  /** False: there are too many. */
  take(address: string): boolean {
    if (this.#count >= this.#limit || !this.#shares.take(address)) return false
    this.#count += 1
    this.#observer.connected?.()
    return true
  }

  giveBack(address: string): void {
    this.#count -= 1
    this.#shares.giveBack(address)
    this.#observer.gone?.()
  }
}
