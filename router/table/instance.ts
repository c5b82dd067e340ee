import type { RouteInstance } from '#contract/route.ts'
import type { Upstream } from '#router/proxy/upstream.ts'
import { pack, unpack } from './address.ts'
import type { Packed } from './address.ts'
import { Pool } from './pool.ts'
import type { Site } from './site.ts'

/** An upgraded connection through an instance. */
export interface Tunnel {
  close(): void
}

const idleLimit = 256

/** A copy of an app that requests can be sent to, and what is under way to it. */
export class Instance {
  readonly id: string
  readonly release: number
  readonly port: number
  readonly site: Site
  readonly #address: Packed
  /** Requests under way; tunnels do not count. */
  inFlight = 0
  /** `performance.now()` when it is probed next; 0: it did not refuse a connection. */
  #probedAt = 0
  #isRetired = false
  // Most of very many instances are never asked: they have neither.
  #idle: Pool<Upstream> | null = null
  #tunnels: Set<Tunnel> | null = null
  #waiting: (() => void)[] | null = null

  constructor({ id, release, host, port }: RouteInstance, site: Site) {
    this.id = id
    this.release = release
    this.#address = pack(host)
    this.port = port
    this.site = site
  }

  /** IP address. */
  get host(): string {
    return unpack(this.#address)
  }

  get idle(): Pool<Upstream> {
    this.#idle ??= new Pool(idleLimit)
    return this.#idle
  }

  get idleCount(): number {
    return this.#idle?.size ?? 0
  }

  get tunnelCount(): number {
    return this.#tunnels?.size ?? 0
  }

  /** No table has it any more: its connections end with what they carry. */
  get isRetired(): boolean {
    return this.#isRetired
  }

  get isForgettable(): boolean {
    return this.#isRetired && this.inFlight === 0 && this.tunnelCount === 0
  }

  /** It refused a connection and has not taken one since: it is asked when no other is left. */
  get isEjected(): boolean {
    return this.#probedAt > 0
  }

  get probedAt(): number {
    return this.#probedAt
  }

  eject(probedAt: number): void {
    this.#probedAt = probedAt
  }

  /** It takes connections again. */
  readmit(): void {
    this.#probedAt = 0
  }

  begin(): void {
    this.inFlight += 1
    this.site.inFlight += 1
  }

  end(): void {
    this.inFlight -= 1
    this.site.inFlight -= 1
    if (this.inFlight === 0 && this.#waiting !== null) this.#tell()
  }

  beginTunnel(tunnel: Tunnel): void {
    this.#tunnels ??= new Set()
    this.#tunnels.add(tunnel)
  }

  endTunnel(tunnel: Tunnel): void {
    this.#tunnels?.delete(tunnel)
    if (this.#waiting !== null) this.#tell()
  }

  /** Has nothing under way; with `tunnels` those count, too. */
  isIdle(tunnels: boolean): boolean {
    return this.inFlight === 0 && (!tunnels || this.tunnelCount === 0)
  }

  /** Resolves when it is idle. */
  async untilIdle(tunnels: boolean): Promise<void> {
    while (!this.isIdle(tunnels)) {
      await new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve))
    }
  }

  retire(): void {
    this.#isRetired = true
    this.#idle?.closeAll()
  }

  #tell(): void {
    for (const resolve of this.#waiting?.splice(0) ?? []) resolve()
  }

  closeTunnels(): void {
    for (const tunnel of this.#tunnels ?? []) tunnel.close()
  }
}
