import type { Networks } from '#router/rules/networks.ts'

/** How many connections each address has, so that one cannot have them all. */
export class Shares {
  readonly #limit: number
  readonly #trusted: Networks | null
  readonly #counts = new Map<string, number>()

  /** Declared proxies speak for many and have no limit. */
  constructor(limit: number, trusted: Networks | null) {
    this.#limit = limit
    this.#trusted = trusted
  }

  /** False when the address has its share already. */
  take(address: string): boolean {
    const key = addressKey(address)
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#limit && this.#trusted?.includes(address) !== true) return false
    this.#counts.set(key, count + 1)
    return true
  }

  giveBack(address: string): void {
    const key = addressKey(address)
    const count = (this.#counts.get(key) ?? 0) - 1
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
  }
}

/** Whoever has one address of IPv6 has the 2^64 beside it. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  const [front = '', back] = address.split('::')
  const groups = front.split(':')
  const missing = 8 - groups.length - (back ?? '').split(':').length
  const all =
    back === undefined ? groups : [...groups, ...Array<string>(Math.max(missing, 0)).fill('0')]
  return all.slice(0, 4).join(':')
}
