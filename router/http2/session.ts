import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Client } from '#router/proxy/client.ts'
import type { Shared } from '#router/proxy/shared.ts'
import type { Deadline } from '#router/proxy/wheel.ts'
import type { Budget } from './budget.ts'
import type { Conduct } from './conduct.ts'
import { controlBucket, faultCost, resetBucket, windowBytes } from './limits.ts'
import { readStreamRequest } from './request-text.ts'
import type { StreamRequest } from './request-text.ts'
import { code, isGone, reset } from './reset.ts'
import { Lanes } from './lanes.ts'
import type { Lane } from './lanes.ts'
import { replaceStreams } from './open-streams.ts'
import type { Peer } from './stream.ts'

const endStreamFlag = 1
const ignore = (): void => undefined

/** What all sessions share. */
export interface Surroundings {
  readonly shared: Shared
  /** For bodies that wait for their app. */
  readonly bodies: Budget
  readonly conduct: Conduct
}

/** A stream that came, and waits until all that came with it is read. */
interface Waiting {
  readonly stream: ServerHttp2Stream
  readonly flags: number
  readonly fields: readonly string[]
}

/** One connection that speaks HTTP/2: each of its streams is served as a connection of its own. */
export class Session {
  readonly #session: ServerHttp2Session
  readonly #address: string
  readonly #around: Surroundings
  readonly #lanes: Lanes
  readonly #deadline: Deadline
  readonly #resets = resetBucket()
  readonly #controls = controlBucket()
  readonly #tunnels = new Set<Client>()
  #streamCount = 0
  #waiting: Waiting[] = []

  constructor(session: ServerHttp2Session, peer: Peer, around: Surroundings, onGone: () => void) {
    this.#session = session
    this.#address = peer.remoteAddress
    this.#around = around
    this.#lanes = new Lanes(peer, around.shared)
    const { wheel, limits } = around.shared
    this.#deadline = wheel.deadline(() => this.#onIdle())
    this.#deadline.set(limits.headMs)
    replaceStreams(session)
    session
      .on('stream', (stream, _, flags, fields) => this.#await({ stream, flags, fields }))
      .on('ping', () => this.#onControl())
      .on('remoteSettings', () => this.#onControl())
      // 'close' follows every error and says all that we need.
      .on('error', ({ code: fault }: NodeJS.ErrnoException) => this.#onFault(fault))
      .on('close', () => {
        this.#deadline.clear()
        this.#lanes.close()
        onGone()
      })
  }

  /** Takes no more streams and ends with the last. */
  closeSoon(): void {
    if (!this.#session.destroyed) this.#session.close()
    for (const client of this.#tunnels) client.closeSoon()
    if (this.#streamCount === 0) this.#deadline.set(this.#around.shared.limits.lingerMs)
  }

  closeTunnels(): void {
    for (const client of this.#tunnels) client.close()
  }

  close(): void {
    this.#session.destroy()
  }

  /** A reset that came in the same read is known then, and no app was asked in vain. */
  #await(waiting: Waiting): void {
    // 'close' follows every error and says all that we need.
    waiting.stream.on('error', ignore)
    if (this.#waiting.push(waiting) === 1) setImmediate(() => this.#beginWaiting())
  }

  #beginWaiting(): void {
    const all = this.#waiting
    this.#waiting = []
    for (const waiting of all) this.#attempt(waiting)
  }

  #attempt({ stream, flags, fields }: Waiting): void {
    try {
      this.#onStream(stream, flags, fields)
    } catch (error) {
      this.#around.shared.onBug(error)
      reset(stream, code.internalError)
    }
  }

  #onStream(stream: ServerHttp2Stream, flags: number, fields: readonly string[]): void {
    if (isGone(stream)) return this.#onReset()
    const hasBody = (flags & endStreamFlag) === 0
    const request = readStreamRequest(fields, hasBody)
    if (request === 'malformed') this.#refuse(stream, code.protocolError)
    else if (request === 'unserved') notServe(stream)
    else this.#serve(stream, request, hasBody)
  }

  #serve(stream: ServerHttp2Stream, request: StreamRequest, hasBody: boolean): void {
    const { bodies } = this.#around
    const heldBytes = hasBody ? mostHeld(request) : 0
    if (!bodies.take(heldBytes)) return this.#refuse(stream, code.refusedStream)
    this.#begin()
    const lane = this.#lanes.take(stream)
    if (request.isTunnel) this.#tunnels.add(lane.client)
    stream.on('close', () => {
      bodies.give(heldBytes)
      this.#leave(lane, request)
      this.#end(stream.rstCode)
    })
    lane.transport.carry(stream, request, hasBody)
  }

  #leave(lane: Lane, { isTunnel }: StreamRequest): void {
    if (isTunnel) this.#tunnels.delete(lane.client)
    if (isTunnel || this.#session.closed) lane.transport.onGone()
    else this.#lanes.giveBack(lane)
  }

  #begin(): void {
    this.#streamCount += 1
    this.#deadline.suspend()
  }

  #end(rstCode: number): void {
    this.#streamCount -= 1
    const { keepAliveMs, lingerMs } = this.#around.shared.limits
    const isClosing = this.#session.closed
    if (this.#streamCount === 0 && !this.#session.destroyed) {
      this.#deadline.set(isClosing ? lingerMs : keepAliveMs)
    }
    // What we broke off ourselves, because the app failed, is not the client's doing.
    if (rstCode !== code.noError && rstCode !== code.internalError) this.#onReset()
  }

  #refuse(stream: ServerHttp2Stream, reason: number): void {
    reset(stream, reason)
    this.#onReset()
  }

  #onReset(): void {
    const now = performance.now()
    const isWithin = this.#around.conduct.takeResets(this.#address, 1, now)
    if (!this.#resets.take(now) || !isWithin) this.#expel()
  }

  #onControl(): void {
    if (!this.#controls.take(performance.now())) this.#expel()
  }

  /** nghttp2 has ended the session. What breaks below it is nobody's fault. */
  #onFault(fault: string | undefined): void {
    if (fault !== 'ERR_HTTP2_ERROR') return
    const { conduct } = this.#around
    if (!conduct.takeResets(this.#address, faultCost, performance.now())) this.#expel()
  }

  #expel(): void {
    // nghttp2 may have ended it before us.
    this.#around.conduct.ban(this.#address, performance.now())
    if (this.#session.destroyed) return
    this.#session.destroy(new Error('too many resets or control frames'), code.enhanceYourCalm)
  }

  /** First in peace; a client that does not take even that is cut off. */
  #onIdle(): void {
    if (this.#session.closed) return this.close()
    this.#session.close()
    this.#deadline.set(this.#around.shared.limits.lingerMs)
  }
}

/** Another protocol than WebSocket (RFC 9220, 3). */
function notServe(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 501 }, { endStream: true })
  stream.close(code.noError)
}

function mostHeld({ contentLength }: StreamRequest): number {
  return contentLength < 0 ? windowBytes : Math.min(contentLength, windowBytes)
}
