import type { Upstream } from '#router/proxy/upstream.ts'
import { Pool } from './pool.ts'

/** An upgraded connection through an instance. */
export interface Tunnel {
  close(): void
}

const idleLimit = 256

/** A copy of an app that requests can be sent to, and what is under way to it. */
export class Instance {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly idle = new Pool<Upstream>(idleLimit)
  /** Requests under way; tunnels do not count. */
  inFlight = 0
  readonly tunnels = new Set<Tunnel>()
  /** `performance.now()` until which it is asked only when no other is left. */
  ejectedUntil = 0
  #isRetired = false
  #waiting: (() => void)[] = []

  constructor(id: string, host: string, port: number) {
    this.id = id
    this.host = host
    this.port = port
  }

  /** No table has it any more: its connections end with what they carry. */
  get isRetired(): boolean {
    return this.#isRetired
  }

  get isForgettable(): boolean {
    return this.#isRetired && this.inFlight === 0 && this.tunnels.size === 0
  }

  begin(): void {
    this.inFlight += 1
  }

  end(): void {
    this.inFlight -= 1
    if (this.inFlight > 0 || this.#waiting.length === 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Resolves when the last request under way has ended. */
  untilIdle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  retire(): void {
    this.#isRetired = true
    this.idle.closeAll()
  }

  closeTunnels(): void {
    for (const tunnel of this.tunnels) tunnel.close()
  }
}
