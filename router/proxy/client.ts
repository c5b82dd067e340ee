import { Body } from './body.ts'
import { LF } from './bytes.ts'
import { Exchange } from './exchange.ts'
import type { Asker, Shared } from './exchange.ts'
import { forwardedFields } from './forward.ts'
import { headLimitBytes, incomplete, whole } from './head.ts'
import { Inbox } from './inbox.ts'
import { page } from './page.ts'
import { parseRequestHead, RequestHead, skipEmptyLines } from './request-head.ts'
import { joinBody, readRequest } from './request.ts'
import type { Receiver, Transport } from './transport.ts'
import type { Deadline } from './wheel.ts'

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
  #forwarded = ''

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
    this.close()
  }

  // What the exchange asks for.

  get isCongested(): boolean {
    return this.#transport.isCongested
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
    this.#transport.writeText(text)
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    this.#transport.writeBytes(bytes, start, end)
  }

  onReady(): void {
    if (this.#stage === 'body') this.#goOn()
    this.#updateReading()
  }

  onProgress(): void {
    const { rollingMs, bodyIdleMs } = this.#shared.limits
    if (this.#stage === 'answer' || this.#stage === 'tunnel') this.#deadline.set(rollingMs)
    else if (this.#stage === 'body') this.#deadline.set(Math.max(bodyIdleMs, rollingMs))
  }

  onAnswered(): void {
    this.#exchange = null
    if (this.mustClose) return this.#linger()
    this.#stage = 'head'
    this.#isHeadBegun = false
    this.#deadline.set(this.#shared.limits.keepAliveMs)
    if (this.#inbox.isBusy) return
    this.#goOn()
    this.#updateReading()
  }

  refuse(status: number): void {
    if (this.#stage !== 'answer') this.#closes = true
    const isHead = this.#exchange?.request.isHead ?? false
    this.writeText(page(status, { isHead, closes: this.#closes }))
    this.onAnswered()
  }

  abort(): void {
    this.#end(() => this.#transport.abort())
  }

  beginTunnel(): void {
    this.#stage = 'tunnel'
    this.onProgress()
    this.#goOn()
    if (this.#hasEnded) this.#exchange?.upstream?.shutDown()
    this.#updateReading()
  }

  onTunnelEnd(): void {
    this.#transport.shutDown()
  }

  onTunnelClosed(): void {
    this.#exchange?.leaveTunnel()
    this.#exchange = null
    this.#linger()
  }

  close(): void {
    this.#end(() => this.#transport.close())
  }

  /** Ends with the answer under way; at once where there is none. */
  closeSoon(): void {
    this.#closes = true
    const isResting = this.#stage === 'head' && this.#inbox.size === 0
    if (isResting || this.#stage === 'tunnel') this.close()
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
    else if (this.#stage === 'body' && !(waits && !this.#isInstanceReady)) this.close()
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
        this.onProgress()
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
    this.refuse(verdict)
    return bytes.length
  }

  /** A part of a head that cannot become whole with these bytes is not parsed again. */
  #isStillPartial(added: Buffer): boolean {
    return !added.includes(LF) && this.#inbox.size + added.length < headLimitBytes / 2
  }

  #begin(bytes: Buffer, at: number): number {
    this.#forwarded ||= forwardedFields(this.#address())
    const request = readRequest(head, bytes, at, this.#forwarded)
    const bodyStart = head.end
    if (head.saysClose || head.minor === 0) this.#closes = true
    this.#body.beginRequest(head)
    const bodyEnd = joinBody(request, this.#body, bytes, bodyStart)
    if (bodyEnd < 0) {
      this.refuse(400)
      return bytes.length
    }
    const { bodyIdleMs, firstByteMs } = this.#shared.limits
    this.#stage = this.#body.isDone ? 'answer' : 'body'
    this.#deadline.set(this.#body.isDone ? firstByteMs : bodyIdleMs)
    this.#exchange = new Exchange(this, request, this.#shared)
    this.#exchange.assign()
    return bodyEnd
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = this.#body.take(bytes, at)
    if (end < 0) {
      this.abort()
      return bytes.length
    }
    this.#exchange?.sendBody(bytes, at, end)
    const { bodyIdleMs, firstByteMs } = this.#shared.limits
    if (this.#body.isDone) this.#stage = 'answer'
    this.#deadline.set(this.#body.isDone ? firstByteMs : bodyIdleMs)
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
        return this.refuse(408)
      case 'body':
        return this.#giveUp(this.#isInstanceSlow() ? 504 : 408)
      case 'answer':
        return this.#giveUp(504)
      case 'tunnel':
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

  #giveUp(status: number): void {
    if (this.#exchange?.isAnswering === true) return this.abort()
    this.#exchange?.cancel()
    this.refuse(status)
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

  #end(closeTransport: () => void): void {
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
    this.#onGone(this)
  }

  #address(): { address: string; port: number; scheme: 'http' } {
    const { remoteAddress, localPort } = this.#transport
    return { address: remoteAddress, port: localPort, scheme: 'http' }
  }
}
