import type { Receiver, Transport } from '#router/transport/transport.ts'
import { errorPage } from '#router/rules/error-page.ts'
import { admit } from './admit.ts'
import { Body } from './body.ts'
import { LF } from './bytes.ts'
import type { HCode } from './entry.ts'
import { Exchange } from './exchange.ts'
import type { Asker, Shared } from './exchange.ts'
import { headLimitBytes, incomplete, whole } from './head.ts'
import { Inbox } from './inbox.ts'
import type { Limits } from './limits.ts'
import { Peer } from './origin.ts'
import { page } from './page.ts'
import { refusal, reply } from './reply.ts'
import type { Reply } from './reply.ts'
import { parseRequestHead, RequestHead, skipEmptyLines } from './request-head.ts'
import { joinBody, readRequest } from './request.ts'
import { Unread } from './unread.ts'
import type { Deadline } from './wheel.ts'
import { FrameReader, goingAway } from './ws-frames.ts'

/**
 * - `head`: between requests, or in the head of one
 * - `body`: the head is on its way, the body still comes
 * - `answer`: the request is read, its answer is awaited or passes
 * - `linger`: we said our last word and read on until the client has heard it
 */
type Stage = 'head' | 'body' | 'answer' | 'tunnel' | 'linger' | 'closed'

const head = new RequestHead()

/** A connection from a client: its requests are answered one after the other. */
export class Client implements Receiver, Asker {
  /** Among all connections, see Crowd. */
  place = 0
  readonly #transport: Transport
  readonly #shared: Shared
  readonly #onGone: (client: Client) => void
  readonly #deadline: Deadline
  readonly #body = new Body()
  #stage: Stage = 'head'
  #exchange: Exchange | null = null
  /** Part of a head, or requests sent ahead. */
  readonly #inbox: Inbox
  #isHeadBegun = false
  #hasEnded = false
  #closes = false
  /** The request under way is the client's last. */
  #saidLast = false
  #bodyBytes = 0
  #knownPeer: Peer | null = null
  /** Of a WebSocket, what the instance says. */
  #frames: FrameReader | null = null
  #isLeavingTunnel = false

  constructor(transport: Transport, shared: Shared, onGone: (client: Client) => void) {
    this.#transport = transport
    this.#shared = shared
    this.#onGone = onGone
    this.#inbox = new Inbox((bytes, at) => this.#step(bytes, at))
    this.#deadline = shared.wheel.deadline(() => this.#onDue())
    this.#deadline.set(shared.limits.headMs)
  }

  // What comes from the client.

  onBytes(bytes: Buffer): void {
    if (this.#stage === 'head' && this.#isHeadBegun && this.#isStillPartial(bytes)) {
      this.#inbox.keep(bytes)
    } else {
      this.#inbox.add(bytes)
      this.#settleEnd()
    }
    this.#updateReading()
  }

  onEnd(): void {
    this.#hasEnded = true
    if (this.#stage === 'tunnel') this.#exchange?.upstream?.shutDown()
    else this.#settleEnd()
  }

  onDrained(): void {
    if (this.#stage === 'closed') return
    this.onProgress()
    this.#exchange?.upstream?.resume()
    if (this.#stage === 'head') this.#goOn()
    this.#updateReading()
  }

  onClosed(): void {
    this.#end(() => this.#transport.close(), 'H27')
  }

  /** Between two requests, with nothing begun. */
  get isResting(): boolean {
    return this.#stage === 'head' && !this.#isHeadBegun && !this.#closes && this.#inbox.size === 0
  }

  // What the exchange asks for.

  get isCongested(): boolean {
    return this.#transport.isCongested
  }

  get isHttp2(): boolean {
    return this.#transport.isHttp2 === true
  }

  get isRequestRead(): boolean {
    return this.#stage !== 'body'
  }

  get mustClose(): boolean {
    return this.#closes || this.#stage === 'body'
  }

  closeAfterAnswer(): void {
    this.#closes = true
  }

  writeText(text: string): void {
    if (this.#exchange !== null) this.#exchange.bytes += text.length
    this.#transport.writeText(text)
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#exchange !== null) this.#exchange.bytes += end - start
    this.#transport.writeBytes(bytes, start, end)
    if (this.#frames !== null) this.#followTunnel(this.#frames, bytes, start, end)
  }

  writeJoined(text: string, bytes: Buffer, start: number, end: number): void {
    if (this.#exchange !== null) this.#exchange.bytes += text.length + end - start
    this.#transport.writeJoined(text, bytes, start, end)
  }

  onAssigned(): void {
    const { firstByteMs, bodyIdleMs } = this.#limits
    this.#deadline.set(this.#stage === 'body' ? bodyIdleMs : firstByteMs)
  }

  onReady(): void {
    if (this.#stage === 'body') this.#goOn()
    this.#updateReading()
  }

  onProgress(): void {
    const { rollingMs, bodyIdleMs } = this.#limits
    if (this.#stage === 'answer' || this.#stage === 'tunnel') this.#deadline.set(rollingMs)
    else if (this.#stage === 'body') this.#deadline.set(Math.max(bodyIdleMs, rollingMs))
  }

  onAnswered(): void {
    this.#exchange?.conclude()
    this.#exchange = null
    if (this.mustClose) return this.#part()
    this.#stage = 'head'
    this.#isHeadBegun = false
    this.#deadline.set(this.#shared.limits.keepAliveMs)
    if (this.#inbox.isBusy) return
    this.#goOn()
    this.#updateReading()
  }

  refuse(answer: Reply): void {
    if (this.#stage !== 'answer') this.#closes = true
    const exchange = this.#exchange
    const isHead = exchange?.request.isHead ?? false
    const body = answer.body ?? errorPage(exchange?.site ?? null, answer.status)
    const text = page({ ...answer, body }, { isHead, closes: this.#closes })
    if (exchange === null) {
      this.#shared.observer.ended(new Unread(answer, text.length, this.#peer, this.isHttp2))
    } else {
      exchange.status = answer.status
      exchange.code = answer.code
    }
    this.writeText(text)
    this.onAnswered()
  }

  abort(code: HCode | null = null): void {
    this.#end(() => this.#transport.abort(), code)
  }

  beginTunnel(): void {
    this.#stage = 'tunnel'
    this.#deadline.set(this.#limits.rollingMs)
    if (this.#exchange?.request.isWebSocket === true) this.#frames = new FrameReader()
    this.#goOn()
    if (this.#hasEnded) this.#exchange?.upstream?.shutDown()
    this.#updateReading()
  }

  onTunnelEnd(): void {
    this.#transport.shutDown()
  }

  onTunnelClosed(): void {
    this.#frames = null
    this.#exchange?.leaveTunnel()
    this.#exchange = null
    this.#linger()
  }

  /** A WebSocket hears that we go away, between two frames; everything else ends at once. */
  close(): void {
    if (this.#stage !== 'tunnel' || this.#frames === null) return this.#leave()
    this.#isLeavingTunnel = true
    this.#deadline.set(this.#shared.limits.lingerMs)
    this.#sayGoodbye(this.#frames)
  }

  /**
   * Ends with the answer under way. Where there is none the client may be just about to ask: it may
   * within `restMs`, once. Tunnels go on until `close`.
   */
  closeSoon(restMs = 0): void {
    this.#closes = true
    if (this.#stage !== 'head' || this.#inbox.size > 0) return
    if (restMs === 0) this.close()
    else this.#deadline.set(restMs)
  }

  // The way of the bytes.

  /** Goes on with what was kept. */
  #goOn(): void {
    this.#inbox.retry()
    this.#settleEnd()
  }

  /** The client writes no more: what it began and can no longer finish is over. */
  #settleEnd(): void {
    if (!this.#hasEnded || this.#inbox.isBusy) return
    const waits = this.#inbox.size > 0
    if (this.#stage === 'head' && !(waits && this.#transport.isCongested)) this.#linger()
    else if (this.#stage === 'body' && !(waits && !this.#isInstanceReady)) {
      this.#end(() => this.#transport.close(), 'H27')
    }
  }

  /** Takes what can be taken now and returns the offset after it; the same offset: nothing can. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#stage) {
      case 'head':
        return this.#transport.isCongested ? at : this.#readHead(bytes, at)
      case 'body':
        return this.#isInstanceReady ? this.#readBody(bytes, at) : at
      case 'answer':
        return at
      case 'tunnel':
        this.#deadline.set(this.#limits.rollingMs)
        this.#exchange?.upstream?.writeBytes(bytes, at, bytes.length)
        return bytes.length
      case 'linger':
      case 'closed':
        return bytes.length
    }
  }

  #readHead(bytes: Buffer, from: number): number {
    const at = skipEmptyLines(bytes, from)
    if (at === bytes.length) return at
    const verdict = parseRequestHead(head, bytes, at)
    if (verdict === whole) return this.#begin(bytes, at)
    if (verdict === incomplete) {
      if (!this.#isHeadBegun) this.#deadline.set(this.#shared.limits.headMs)
      this.#isHeadBegun = true
      return at
    }
    this.#closes = true
    this.refuse(refusal(verdict))
    return bytes.length
  }

  /** A part of a head that cannot become whole with these bytes is not parsed again. */
  #isStillPartial(added: Buffer): boolean {
    return !added.includes(LF) && this.#inbox.size + added.length < headLimitBytes / 2
  }

  #begin(bytes: Buffer, start: number): number {
    const peer = this.#peer
    const request = readRequest(head, bytes, peer.hostOf(head, bytes))
    const exchange = new Exchange(this, request, this.#shared)
    this.#exchange = exchange
    const bodyStart = head.end
    if (head.saysClose || head.minor === 0) this.#closes = this.#saidLast = true
    this.#body.beginRequest(head)
    this.#bodyBytes = 0
    this.#stage = this.#body.isDone ? 'answer' : 'body'
    const admission = admit(exchange, { head, bytes, start, peer }, this.#shared)
    const bodyEnd = joinBody(exchange.request, this.#body, bytes, bodyStart)
    if (this.#body.isDone) this.#stage = 'answer'
    if (bodyEnd < 0) {
      this.#closes = true
      this.refuse(reply(400))
      return bytes.length
    }
    this.#goOnWith(exchange, admission)
    return bodyEnd
  }

  #goOnWith(exchange: Exchange, admission: ReturnType<typeof admit>): void {
    if (admission === null) return exchange.assign()
    if (!(admission instanceof Promise)) return this.refuse(admission)
    this.#deadline.set(this.#shared.limits.headMs)
    const goOn = (answer: Reply | null): void => {
      if (exchange.isOver) return
      this.#goOnWith(exchange, answer)
      this.#updateReading()
    }
    admission.then(goOn).catch(this.#shared.onBug)
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = this.#body.take(bytes, at)
    const exchange = this.#exchange
    if (end < 0 || exchange === null) {
      this.abort('H27')
      return bytes.length
    }
    this.#bodyBytes += end - at
    if (this.#bodyBytes > exchange.limits.bodyBytes) {
      this.#giveUp(reply(413, 'H32'))
      return bytes.length
    }
    exchange.sendBody(bytes, at, end)
    const { bodyIdleMs, firstByteMs } = this.#limits
    this.#deadline.set(this.#body.isDone ? firstByteMs : bodyIdleMs)
    if (!this.#body.isDone) return end
    this.#stage = 'answer'
    this.#transport.rest()
    return end
  }

  #updateReading(): void {
    if (this.#mayRead()) this.#transport.resume()
    else this.#transport.pause()
  }

  get #isInstanceReady(): boolean {
    return this.#exchange?.upstream?.isReady === true
  }

  #mayRead(): boolean {
    switch (this.#stage) {
      case 'head':
        return !this.#transport.isCongested
      case 'body':
      case 'tunnel':
        return this.#isInstanceReady
      case 'answer':
        return this.#inbox.size < this.#shared.limits.stashBytes
      case 'linger':
      case 'closed':
        return true
    }
  }

  // Ends.

  #onDue(): void {
    switch (this.#stage) {
      case 'head':
        if (!this.#isHeadBegun) return this.close()
        this.#closes = true
        return this.refuse(reply(408, 'H28'))
      case 'body':
        return this.#giveUp(this.#isInstanceSlow() ? reply(504, 'H12') : reply(408, 'H28'))
      case 'answer':
        return this.#giveUp(reply(504, 'H12'))
      case 'tunnel':
        return this.#end(() => this.#transport.close(), this.#isLeavingTunnel ? null : 'H15')
      case 'linger':
      case 'closed':
        return this.close()
    }
  }

  /** In the middle of a body: does the instance not take it, or does the client not send it? */
  #isInstanceSlow(): boolean {
    const { request, sawAnswer } = this.#exchange ?? {}
    return !this.#isInstanceReady || (request?.expectsContinue === true && sawAnswer === false)
  }

  #giveUp(answer: Reply): void {
    if (this.#exchange?.isAnswering === true) {
      return this.abort(answer.code === 'H12' ? 'H15' : answer.code)
    }
    this.#exchange?.cancel()
    this.refuse(answer)
  }

  #followTunnel(frames: FrameReader, bytes: Buffer, start: number, end: number): void {
    frames.take(bytes, start, end)
    if (this.#isLeavingTunnel) this.#sayGoodbye(frames)
  }

  #sayGoodbye(frames: FrameReader): void {
    if (!frames.isBetweenFrames) return
    this.#transport.writeBytes(goingAway, 0, goingAway.length)
    this.onTunnelClosed()
  }

  /** A client that asks nothing more has nothing left for us to read: no need to wait for its end. */
  #part(): void {
    const { isFlushed, isSecure } = this.#transport
    const isAllRead = this.#saidLast && this.#stage === 'answer' && this.#inbox.size === 0
    // Over TLS it has to hear that this is the end and no cut.
    if (isAllRead && isFlushed && !isSecure && !this.#inbox.isBusy) this.close()
    else this.#linger()
  }

  /** Closing with bytes unread makes a reset, which can take our answer from the client: read on. */
  #linger(): void {
    const { lingerMs, rollingMs } = this.#shared.limits
    this.#stage = 'linger'
    this.#inbox.clear()
    const isFlushed = this.#transport.isFlushed
    this.#transport.shutDown()
    this.#deadline.set(isFlushed ? lingerMs : rollingMs)
    this.#transport.resume()
  }

  /** An end in order would pass a part of an answer off as the whole, if nothing else says its length. */
  #leave(): void {
    const isCut = this.#exchange?.isAnswering === true || !this.#transport.isFlushed
    if (this.#stage !== 'tunnel' && isCut) this.abort()
    else this.#end(() => this.#transport.close())
  }

  #end(closeTransport: () => void, code: HCode | null = null): void {
    if (this.#stage === 'closed') return
    const exchange = this.#exchange
    const wasTunnel = this.#stage === 'tunnel'
    this.#stage = 'closed'
    this.#exchange = null
    this.#inbox.clear()
    this.#deadline.clear()
    closeTransport()
    if (wasTunnel) exchange?.leaveTunnel()
    else exchange?.cancel()
    exchange?.conclude(code)
    this.#onGone(this)
  }

  get #limits(): Limits {
    return this.#exchange?.limits ?? this.#shared.limits
  }

  get #peer(): Peer {
    return (this.#knownPeer ??= new Peer(this.#transport, this.#shared.trusted))
  }
}
