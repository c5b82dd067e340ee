import type { TLSSocket } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Shared } from '#router/proxy/shared.ts'
import type { Source } from '#router/transport/transport.ts'
import { Budget } from './budget.ts'
import { Conduct } from './conduct.ts'
import { heldBodyBytes, sessionOptions } from './limits.ts'
import { Session } from './session.ts'
import type { Surroundings } from './session.ts'
import type { Peer } from './stream.ts'

/** Serves the connections that have chosen HTTP/2 in their handshake. */
export interface Http2 {
  /** Connections that are open, each with any number of requests. */
  readonly size: number
  /** Whether a client from there may choose HTTP/2. */
  isFor(address: string): boolean
  /** Takes over a connection whose handshake is done and that has chosen `h2`. `onGone`: it is closed. */
  onSocket(socket: TLSSocket, source: Source, onGone?: () => void): void
  /** Lets requests under way end, at most `graceMs`, then cuts the rest; no connection is taken any more. */
  close(graceMs: number): Promise<void>
}

export function openHttp2(shared: Shared): Http2 {
  const conduct = new Conduct()
  const sessions = new Sessions({ shared, bodies: new Budget(heldBodyBytes), conduct })
  return {
    get size() {
      return sessions.size
    },
    isFor: (address) => conduct.mayOpen(address, performance.now()),
    onSocket: (socket, source, onGone) => sessions.open(socket, source, onGone),
    close: (graceMs) => sessions.close(graceMs),
  }
}

class Sessions {
  readonly #around: Surroundings
  readonly #open = new Set<Session>()
  #onEmpty: (() => void) | null = null

  constructor(around: Surroundings) {
    this.#around = around
  }

  get size(): number {
    return this.#open.size
  }

  open(socket: TLSSocket, source: Source, onGone = (): void => undefined): void {
    if (this.#onEmpty !== null || socket.destroyed) {
      socket.destroy()
      return onGone()
    }
    try {
      this.#begin(socket, source, onGone)
    } catch (error) {
      this.#around.shared.onBug(error)
      socket.destroy()
      onGone()
    }
  }

  #begin(socket: TLSSocket, source: Source, onGone: () => void): void {
    // Most routers never see HTTP/2, and the module takes memory.
    const { performServerHandshake } = process.getBuiltinModule('node:http2')
    const handshake = performServerHandshake(socket, sessionOptions)
    const session = new Session(handshake, peerOf(socket, source), this.#around, () => {
      this.#forget(session)
      onGone()
    })
    this.#open.add(session)
  }

  /** Ends what rests at once, the rest with its answer, and what lasts longer after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve))
    for (const session of this.#open) session.closeSoon()
    await this.#wait(empty, graceMs)
    // WebSockets hear that we go away, and may say something to it.
    for (const session of this.#open) session.closeTunnels()
    await this.#wait(empty, Math.min(graceMs, this.#around.shared.limits.lingerMs))
    for (const session of this.#open) session.close()
    await this.#wait(empty, this.#around.shared.limits.lingerMs)
  }

  async #wait(empty: Promise<void>, ms: number): Promise<void> {
    if (this.#open.size === 0 || ms === 0) return
    const late = new AbortController()
    const timer = sleep(ms, undefined, { signal: late.signal }).catch(() => undefined)
    await Promise.race([empty, timer])
    late.abort()
  }

  #forget(session: Session): void {
    this.#open.delete(session)
    if (this.#open.size === 0) this.#onEmpty?.()
  }
}

function peerOf({ servername }: TLSSocket, source: Source): Peer {
  const { remoteAddress, remotePort, localPort } = source
  const serverName = typeof servername === 'string' ? servername.toLowerCase() : ''
  return { remoteAddress, remotePort, localPort, serverName }
}
