import { setTimeout as sleep } from 'node:timers/promises'
import type { Transport } from '#router/transport/transport.ts'
import { Client } from './client.ts'
import { Crowd } from './crowd.ts'
import type { Shared } from './shared.ts'
import type { Quota } from './quota.ts'

/** The connections that are open. */
export class Clients {
  readonly #shared: Shared
  readonly #open = new Crowd<Client>()
  readonly #quota: Quota
  #onEmpty: (() => void) | null = null
  /** What is left to connections that ask nothing; null: nobody leaves. */
  #restMs: number | null = null

  constructor(shared: Shared, quota: Quota) {
    this.#shared = shared
    this.#quota = quota
  }

  /** Null: there are too many, of all or of this address, and it was closed. */
  accept(transport: Transport): Client | null {
    const address = transport.remoteAddress
    if (this.#restMs === 0 || !this.#quota.take(address)) {
      transport.close()
      return null
    }
    const client = new Client(transport, this.#shared, () => this.#forget(client, address))
    this.#open.add(client)
    if (this.#restMs !== null) client.closeSoon(this.#restMs)
    return client
  }

  /** Ends what rests after `restMs`, the rest with its answer, and what lasts longer after `graceMs`. */
  async close(graceMs: number, restMs = 0): Promise<void> {
    this.#restMs = Math.min(restMs, graceMs)
    for (const client of this.#open) client.closeSoon(this.#restMs)
    // Some connections may still be in their handshake.
    await sleep(Math.min(this.#restMs, this.#shared.limits.lingerMs))
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve))
    await this.#wait(empty, graceMs)
    for (const client of this.#open) client.close()
    // WebSockets hear that we go away, and may say something to it.
    await this.#wait(empty, Math.min(graceMs, this.#shared.limits.lingerMs))
    for (const client of this.#open) client.abort()
  }

  async #wait(empty: Promise<void>, ms: number): Promise<void> {
    if (this.#open.size === 0 || ms === 0) return
    const late = new AbortController()
    const timer = sleep(ms, undefined, { signal: late.signal }).catch(() => undefined)
    await Promise.race([empty, timer])
    late.abort()
  }

  #forget(client: Client, address: string): void {
    this.#open.remove(client)
    this.#quota.giveBack(address)
    if (this.#open.size === 0) this.#onEmpty?.()
  }
}
