import { now } from '#router/clock.ts'
import type { Idle } from '#router/table/pool.ts'
import type { Instance } from '#router/table/instance.ts'
import { Body } from './body.ts'
import type { Exchange, Loss, Shared } from './exchange.ts'
import { isPlain, responseHeadText } from './forward.ts'
import { incomplete, whole } from './head.ts'
import { parseResponseHead, ResponseHead } from './response-head.ts'
import type { ConnectReceiver, Transport } from '#router/transport/transport.ts'
import type { Deadline } from './wheel.ts'

type Stage = 'connecting' | 'idle' | 'head' | 'body' | 'tunnel' | 'last' | 'closed'

/** Interim answers before the real one: more are no hints but a way never to answer. */
const interimLimit = 100

const head = new ResponseHead()

/** A connection to an instance: one request after the other goes out, its answer comes back. */
export class Upstream implements ConnectReceiver, Idle {
  idleSince = 0
  readonly #instance: Instance
  readonly #shared: Shared
  readonly #transport: Transport
  readonly #deadline: Deadline
  readonly #body = new Body()
  #stage: Stage = 'connecting'
  #exchange: Exchange | null = null
  #stash: Buffer | null = null
  #hasServed = false
  #hasEnded = false
  /** The answer under way leaves the connection usable. */
  #keepsAlive = false
  #idleMs: number
  #interims = 0
  readonly #openedAt = now()

  constructor(instance: Instance, shared: Shared) {
    this.#instance = instance
    this.#shared = shared
    this.#idleMs = shared.limits.instanceIdleMs
    this.#deadline = shared.wheel.deadline(() => this.#onDue())
    this.#deadline.set(shared.limits.connectMs)
    this.#transport = shared.network.connect(instance, this)
  }

  /** It takes bytes of a request's body. */
  get isReady(): boolean {
    return this.#stage !== 'connecting' && !this.#transport.isCongested
  }

  /** Sends a request, as soon as there is a connection. */
  serve(exchange: Exchange): void {
    this.#exchange = exchange
    if (this.#stage !== 'connecting') this.#send(exchange)
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    this.#transport.writeBytes(bytes, start, end)
  }

  /** The client takes more. */
  resume(): void {
    this.#transport.resume()
  }

  shutDown(): void {
    this.#transport.shutDown()
  }

  close(): void {
    if (this.#stage === 'closed') return
    if (this.#stage === 'idle') this.#instance.idle.remove(this)
    this.#stage = 'closed'
    this.#exchange = null
    this.#stash = null
    this.#deadline.clear()
    this.#transport.close()
  }

  /** The client has left the tunnel: what it said last is still delivered. */
  closeWhenFlushed(): void {
    if (this.#stage === 'closed') return
    this.#stage = 'last'
    this.#exchange = null
    this.#transport.shutDown()
    this.#deadline.set(this.#shared.limits.lingerMs)
  }

  onConnected(): void {
    this.#stage = 'idle'
    const exchange = this.#exchange
    if (exchange === null) return this.close()
    exchange.onConnected(now() - this.#openedAt)
    this.#send(exchange)
    exchange.asker.onReady()
  }

  onBytes(bytes: Buffer): void {
    if (this.#stage === 'last') return
    const exchange = this.#exchange
    // An answer nobody asked for would be taken for that of the next request.
    if (exchange === null) return this.close()
    exchange.sawAnswer = true
    exchange.asker.onProgress()
    const all = this.#stash === null ? bytes : Buffer.concat([this.#stash, bytes])
    this.#stash = null
    this.#read(exchange, all)
    if (this.#exchange !== null && exchange.asker.isCongested) this.#transport.pause()
  }

  onDrained(): void {
    this.#exchange?.asker.onReady()
  }

  onEnd(): void {
    this.#hasEnded = true
    if (this.#stage === 'tunnel') this.#exchange?.asker.onTunnelEnd()
    else if (this.#stage === 'body' && this.#body.endsWithConnection) this.#finish(false)
    else if (this.#stage !== 'last') this.#lose(this.#closedLoss())
  }

  onClosed(): void {
    if (this.#stage === 'tunnel') this.#leaveTunnel()
    else this.#lose(this.#closedLoss())
  }

  #leaveTunnel(): void {
    const asker = this.#exchange?.asker
    this.close()
    asker?.onTunnelClosed()
  }

  #closedLoss(): Loss {
    if (this.#stage === 'connecting') return 'refused'
    return this.#hasServed && this.#exchange?.sawAnswer === false ? 'stale' : 'closed'
  }

  #onDue(): void {
    if (this.#stage === 'connecting') this.#lose('unreached')
    else if (this.#stage === 'idle' || this.#stage === 'last') this.close()
  }

  #lose(loss: Loss): void {
    const exchange = this.#exchange
    this.close()
    exchange?.lose(loss)
  }

  #send(exchange: Exchange): void {
    this.#stage = 'head'
    this.#interims = 0
    this.#deadline.suspend()
    this.#transport.writeText(exchange.request.text)
  }

  #read(exchange: Exchange, bytes: Buffer): void {
    if (this.#stage === 'tunnel') exchange.asker.writeBytes(bytes, 0, bytes.length)
    else if (this.#stage === 'body') this.#readBody(exchange, bytes, 0)
    else this.#readHead(exchange, bytes)
  }

  #readHead(exchange: Exchange, bytes: Buffer): void {
    for (let at = 0; ; at = head.end) {
      const verdict = parseResponseHead(head, bytes, at)
      if (verdict === incomplete) {
        this.#stash = Buffer.from(bytes.subarray(at))
        return
      }
      if (verdict !== whole) return this.#lose('malformed')
      if (head.status === 101) return this.#readUpgrade(exchange, bytes, at)
      if (head.status >= 200) return this.#readFinalHead(exchange, bytes, at)
      if (++this.#interims > interimLimit) return this.#lose('malformed')
      // HTTP/1.0 knows no interim answers.
      if (exchange.request.minor > 0) {
        exchange.asker.writeText(responseHeadText(head, bytes, at, ''))
      }
    }
  }

  #readUpgrade(exchange: Exchange, bytes: Buffer, at: number): void {
    const { asker, request } = exchange
    if (!request.wantsUpgrade || !asker.isRequestRead) return this.#lose('malformed')
    this.#stage = 'tunnel'
    exchange.isAnswering = true
    exchange.status = head.status
    asker.writeText(responseHeadText(head, bytes, at, 'Connection: Upgrade\r\n'))
    asker.writeBytes(bytes, head.end, bytes.length)
    exchange.becomeTunnel()
  }

  #readFinalHead(exchange: Exchange, bytes: Buffer, at: number): void {
    const { asker } = exchange
    this.#beginBody(exchange)
    const bodyStart = head.end
    const bodyEnd = this.#body.take(bytes, bodyStart)
    if (bodyEnd < 0) return this.#lose('malformed')
    exchange.isAnswering = true
    exchange.status = head.status
    const { addedFields } = exchange
    if (addedFields === '' && isPlain(head, asker.mustClose)) {
      asker.writeBytes(bytes, head.closeGaps(bytes, at), bodyEnd)
    } else {
      const added = addedFields + (asker.mustClose ? 'Connection: close\r\n' : '')
      const text = responseHeadText(head, bytes, at, added)
      asker.writeJoined(text, bytes, bodyStart, bodyEnd)
    }
    this.#endIfDone(bytes, bodyEnd)
  }

  #beginBody(exchange: Exchange): void {
    this.#stage = 'body'
    this.#keepsAlive = head.keepsAlive
    if (head.keepAliveS >= 0) this.#idleMs = this.#idleFor(head.keepAliveS)
    if (exchange.request.isHead || head.isBodiless || head.status === 304) this.#body.beginNone()
    else this.#body.beginAnswer(head)
    if (this.#body.endsWithConnection) this.#keepsAlive = false
    const { asker } = exchange
    if (this.#body.endsWithConnection || asker.mustClose) asker.closeAfterAnswer()
  }

  /** We let go a second before the instance says that it will. */
  #idleFor(keepAliveS: number): number {
    return Math.min(this.#shared.limits.instanceIdleMs, Math.max(keepAliveS * 1000 - 1000, 0))
  }

  #readBody(exchange: Exchange, bytes: Buffer, at: number): void {
    const end = this.#body.take(bytes, at)
    if (end < 0) return this.#lose('malformed')
    exchange.asker.writeBytes(bytes, at, end)
    this.#endIfDone(bytes, end)
  }

  #endIfDone(bytes: Buffer, end: number): void {
    if (this.#body.isDone) this.#finish(this.#keepsAlive && end === bytes.length)
  }

  /** The answer has ended; the connection waits for the next request, or goes. */
  #finish(isUsable: boolean): void {
    const exchange = this.#exchange
    if (exchange === null) return
    this.#exchange = null
    this.#hasServed = true
    const mayStay = isUsable && !this.#hasEnded && this.#idleMs > 0 && exchange.asker.isRequestRead
    if (mayStay && !this.#instance.isRetired) this.#rest()
    else this.close()
    exchange.finish()
  }

  #rest(): void {
    this.#stage = 'idle'
    this.idleSince = this.#shared.wheel.now
    this.#transport.rest()
    this.#deadline.set(this.#idleMs)
    // Read on: an idle connection that the instance closes must be noticed at once.
    this.#transport.resume()
    this.#instance.idle.put(this)
  }
}
