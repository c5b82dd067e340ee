import type { Receiver, Transport } from '#router/transport/transport.ts'
import type { Asker } from './asker.ts'
import { Body } from './body.ts'
import { end, leave, linger, onDue, part } from './ends.ts'
import type { HCode } from './entry.ts'
import type { Exchange } from './exchange.ts'
import { goingAway, Goodbye } from './goodbye.ts'
import { Inbox } from './inbox.ts'
import type { Limits } from './limits.ts'
import { Peer } from './origin.ts'
import { page } from './page.ts'
import { isStillPartial, readOn, settleEnd, take, updateReading } from './reading.ts'
import type { Reply } from './reply.ts'
import type { Shared } from './shared.ts'
import { Unread } from './unread.ts'
import type { Deadline } from './wheel.ts'

/**
 * - `rest`: between requests, with nothing of the next one
 * - `head`: in the head of one
 * - `body`: the head is on its way, the body still comes
 * - `answer`: the request is read, its answer is awaited or passes
 * - `linger`: we said our last word and read on until the client has heard it
 */
type Stage = 'rest' | 'head' | 'body' | 'answer' | 'tunnel' | 'linger' | 'closed'

/**
 * A connection from a client: its requests are answered one after the other. Here is what it is told,
 * by the client and by the exchange under way; `reading.ts` reads requests off it, `ends.ts` ends it.
 * They alone use its fields.
 */
export class Client implements Receiver, Asker {
  /** Among all connections, see Crowd. */
  place = 0
  readonly transport: Transport
  readonly shared: Shared
  readonly onGone: (client: Client) => void
  readonly deadline: Deadline
  readonly body = new Body()
  /** Part of a head, or requests sent ahead. */
  readonly inbox: Inbox
  stage: Stage = 'rest'
  exchange: Exchange | null = null
  /** The client writes no more. */
  hasEnded = false
  closes = false
  /** The request under way is the client's last. */
  saidLast = false
  /** Of a WebSocket. */
  goodbye: Goodbye | null = null
  #knownPeer: Peer | null = null

  constructor(transport: Transport, shared: Shared, onGone: (client: Client) => void) {
    this.transport = transport
    this.shared = shared
    this.onGone = onGone
    this.inbox = new Inbox((bytes, at) => take(this, bytes, at))
    this.deadline = shared.wheel.deadline(() => onDue(this))
    this.deadline.set(shared.limits.headMs)
  }

  /** Between two requests, with nothing begun. */
  get isResting(): boolean {
    return this.stage === 'rest' && !this.closes && this.inbox.size === 0
  }

  get peer(): Peer {
    return (this.#knownPeer ??= new Peer(this.transport, this.shared.trusted))
  }

  /** Those of the app that is asked. */
  get limits(): Limits {
    return this.exchange?.limits ?? this.shared.limits
  }

  // What comes from the client.

  onBytes(bytes: Buffer): void {
    if (this.stage === 'head' && isStillPartial(bytes, this.inbox)) {
      this.inbox.keep(bytes)
    } else {
      this.inbox.add(bytes)
      settleEnd(this)
    }
    updateReading(this)
  }

  onEnd(): void {
    this.hasEnded = true
    if (this.stage === 'tunnel') this.exchange?.upstream?.shutDown()
    else settleEnd(this)
  }

  onDrained(): void {
    if (this.stage === 'closed') return
    this.onProgress()
    this.exchange?.upstream?.resume()
    if (this.stage === 'rest') readOn(this)
    updateReading(this)
  }

  onClosed(): void {
    end(this, 'close', 'H27')
  }

  // What the exchange asks for.

  get isCongested(): boolean {
    return this.transport.isCongested
  }

  get isHttp2(): boolean {
    return this.transport.isHttp2 === true
  }

  get isRequestRead(): boolean {
    return this.stage !== 'body'
  }

  get mustClose(): boolean {
    return this.closes || this.stage === 'body'
  }

  closeAfterAnswer(): void {
    this.closes = true
  }

  writeText(text: string): void {
    if (this.exchange !== null) this.exchange.bytes += text.length
    this.transport.writeText(text)
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    if (this.exchange !== null) this.exchange.bytes += end - start
    this.transport.writeBytes(bytes, start, end)
  }

  writeJoined(text: string, bytes: Buffer, start: number, end: number): void {
    if (this.exchange !== null) this.exchange.bytes += text.length + end - start
    this.transport.writeJoined(text, bytes, start, end)
  }

  onAssigned(): void {
    const { firstByteMs, bodyIdleMs } = this.limits
    this.deadline.set(this.stage === 'body' ? bodyIdleMs : firstByteMs)
  }

  onReady(): void {
    if (this.stage === 'body') readOn(this)
    updateReading(this)
  }

  onProgress(): void {
    const { rollingMs, bodyIdleMs } = this.limits
    if (this.stage === 'answer' || this.stage === 'tunnel') this.deadline.set(rollingMs)
    else if (this.stage === 'body') this.deadline.set(Math.max(bodyIdleMs, rollingMs))
  }

  onAnswered(): void {
    this.exchange?.conclude()
    this.exchange = null
    if (this.mustClose) return part(this)
    this.stage = 'rest'
    this.deadline.set(this.shared.limits.keepAliveMs)
    if (this.inbox.isBusy) return
    readOn(this)
    updateReading(this)
  }

  refuse(answer: Reply): void {
    if (this.stage !== 'answer') this.closes = true
    const { exchange } = this
    const text = page(answer, exchange, this.closes)
    if (exchange === null) {
      this.shared.observer.ended(new Unread(answer, text.length, this.peer, this.isHttp2))
    } else {
      exchange.status = answer.status
      exchange.code = answer.code
    }
    this.writeText(text)
    this.onAnswered()
  }

  abort(code: HCode | null = null): void {
    end(this, 'abort', code)
  }

  // A tunnel.

  beginTunnel(): void {
    this.stage = 'tunnel'
    this.deadline.set(this.limits.rollingMs)
    if (this.exchange?.request.isWebSocket === true) this.goodbye = new Goodbye()
    readOn(this)
    if (this.hasEnded) this.exchange?.upstream?.shutDown()
    updateReading(this)
  }

  onTunnelBytes(bytes: Buffer): void {
    this.writeBytes(bytes, 0, bytes.length)
    this.goodbye?.follow(bytes)
    if (this.goodbye?.isDue === true) this.#sayGoodbye()
  }

  onTunnelEnd(): void {
    this.transport.shutDown()
  }

  onTunnelClosed(): void {
    this.goodbye = null
    this.exchange?.leaveTunnel()
    this.exchange = null
    linger(this)
  }

  // What the operator asks for.

  /** A WebSocket hears that we go away, between two frames; everything else ends at once. */
  close(): void {
    if (this.stage !== 'tunnel' || this.goodbye === null) return leave(this)
    this.goodbye.isWanted = true
    this.deadline.set(this.shared.limits.lingerMs)
    if (this.goodbye.isDue) this.#sayGoodbye()
  }

  /**
   * Ends with the answer under way. Where there is none the client may be just about to ask: it may
   * within `restMs`, once. Tunnels go on until `close`.
   */
  closeSoon(restMs = 0): void {
    this.closes = true
    if (this.stage !== 'rest' || this.inbox.size > 0) return
    if (restMs === 0) this.close()
    else this.deadline.set(restMs)
  }

  #sayGoodbye(): void {
    this.transport.writeBytes(goingAway, 0, goingAway.length)
    this.onTunnelClosed()
  }
}
