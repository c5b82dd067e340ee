import type { ServerHttp2Stream } from 'node:http2'
import { Client } from '#router/proxy/client.ts'
import type { Shared } from '#router/proxy/shared.ts'
import { StreamTransport } from './stream.ts'
import type { Peer } from './stream.ts'

/** A connection in memory and who is served on it. */
export interface Lane {
  readonly transport: StreamTransport
  readonly client: Client
}

/** Lanes that wait for their next stream. A page with more requests at once makes new ones. */
const mostResting = 32

/**
 * The lanes of a session. As on a connection that is kept, a client asks on one again and again:
 * that spares most of what a stream would otherwise have to bring along.
 */
export class Lanes {
  readonly #peer: Peer
  readonly #shared: Shared
  readonly #resting: Lane[] = []

  constructor(peer: Peer, shared: Shared) {
    this.#peer = peer
    this.#shared = shared
  }

  /** A lane for a stream: the one that rested last, or a new one. */
  take(stream: ServerHttp2Stream): Lane {
    for (let lane = this.#resting.pop(); lane !== undefined; lane = this.#resting.pop()) {
      // Its client may have waited long enough.
      if (lane.client.isResting) return lane
    }
    return this.#make(stream)
  }

  /** Its stream is closed. */
  giveBack(lane: Lane): void {
    const mayRest = lane.transport.isSpent && lane.client.isResting
    if (mayRest && this.#resting.length < mostResting) this.#resting.push(lane)
    else lane.transport.onGone()
  }

  /** No stream comes any more. */
  close(): void {
    for (const { transport } of this.#resting.splice(0)) transport.onGone()
  }

  #make(stream: ServerHttp2Stream): Lane {
    const transport = new StreamTransport(stream, this.#peer, this.#shared.onBug)
    const client = new Client(transport, this.#shared, () => undefined)
    transport.tell(client)
    return { transport, client }
  }
}
