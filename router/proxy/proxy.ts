import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '#lib/log.ts'
import type { Routes } from '#router/table/routes.ts'
import { Client } from './client.ts'
import type { Shared } from './exchange.ts'
import { defaultLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import { openNetNetwork } from './net-transport.ts'
import type { Address, Transport } from './transport.ts'
import { Wheel } from './wheel.ts'

export interface ProxyOptions {
  readonly address: Address
  readonly routes: Routes
  readonly log: Log
  readonly limits?: Partial<Limits>
}

/** The listener for the world. */
export interface Proxy {
  readonly port: number
  /** Takes no more connections, lets requests under way end, at most `graceMs`, then cuts the rest. */
  close(graceMs: number): Promise<void>
}

const tickMs = 500

/** Listens and serves what `routes` holds, whatever it holds at the time of each request. */
export async function openProxy({ address, routes, log, limits }: ProxyOptions): Promise<Proxy> {
  const onBug = (error: unknown): void => log.error('proxy.bug', error)
  const all: Limits = { ...defaultLimits, ...limits }
  const wheel = new Wheel(Math.min(tickMs, all.headMs, all.firstByteMs, all.lingerMs), onBug)
  const shared: Shared = { routes, network: openNetNetwork(onBug), wheel, limits: all }
  const clients = new Clients(shared)
  const listener = await shared.network.listen(address, (transport) => clients.accept(transport))
  return {
    port: listener.port,
    close: async (graceMs) => {
      listener.close()
      await clients.close(graceMs)
    },
  }
}

/** The connections that are open. */
class Clients {
  readonly #shared: Shared
  readonly #open = new Set<Client>()
  #onEmpty: (() => void) | null = null

  constructor(shared: Shared) {
    this.#shared = shared
  }

  accept(transport: Transport): Client | null {
    if (this.#open.size >= this.#shared.limits.connections || this.#onEmpty !== null) {
      transport.close()
      return null
    }
    const client = new Client(transport, this.#shared, () => this.#forget(client))
    this.#open.add(client)
    return client
  }

  async close(graceMs: number): Promise<void> {
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve))
    for (const client of this.#open) client.closeSoon()
    const late = new AbortController()
    const timer = sleep(graceMs, undefined, { signal: late.signal }).catch(() => undefined)
    if (this.#open.size > 0) await Promise.race([empty, timer])
    late.abort()
    for (const client of this.#open) client.abort()
  }

  #forget(client: Client): void {
    this.#open.delete(client)
    if (this.#open.size === 0) this.#onEmpty?.()
  }
}
