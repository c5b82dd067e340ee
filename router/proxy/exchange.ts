import { dateAt, now } from '#router/clock.ts'
import type { Networks } from '#router/rules/networks.ts'
import type { Instance, Tunnel } from '#router/table/instance.ts'
import type { Routes } from '#router/table/routes.ts'
import type { Rule } from '#router/table/rule.ts'
import type { Site } from '#router/table/site.ts'
import type { Network } from '#router/transport/transport.ts'
import type { Entry, HCode, Observer } from './entry.ts'
import { siteLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import type { Origin } from './origin.ts'
import { eject } from './probe.ts'
import { busy, reply } from './reply.ts'
import type { Reply } from './reply.ts'
import type { Request } from './request.ts'
import { Upstream } from './upstream.ts'
import type { Waiter } from './waiting.ts'
import type { Deadline, Wheel } from './wheel.ts'

/** What all connections of a proxy share. */
export interface Shared {
  readonly routes: Routes
  readonly network: Network
  readonly wheel: Wheel
  readonly limits: Limits
  readonly observer: Observer
  readonly onBug: (error: unknown) => void
  /** Proxies before us whose word about a client is taken. */
  readonly trusted: Networks | null
  /** What proves to a certificate authority that a host is ours; null: nobody asked for that. */
  readonly challenge: (host: string, token: string) => string | null
}

/** The client's side of an exchange. */
export interface Asker extends Tunnel {
  readonly isCongested: boolean
  readonly isHttp2: boolean
  /** The request has arrived whole. */
  readonly isRequestRead: boolean
  /** This answer is the connection's last. */
  readonly mustClose: boolean
  /** The answer ends with the connection. */
  closeAfterAnswer(): void
  writeText(text: string): void
  writeJoined(text: string, bytes: Buffer, start: number, end: number): void
  writeBytes(bytes: Buffer, start: number, end: number): void
  /** The request is on its way to an instance: from here on its answer is awaited. */
  onAssigned(): void
  /** The instance takes the request's body now, or again. */
  onReady(): void
  /** Bytes of an answer came: it is alive. */
  onProgress(): void
  onAnswered(): void
  /** Answers with a page of our own. */
  refuse(answer: Reply): void
  /** Breaks off so that the client sees it. */
  abort(): void
  beginTunnel(): void
  /** The instance writes no more into the tunnel. */
  onTunnelEnd(): void
  /** The instance has left the tunnel. */
  onTunnelClosed(): void
}

/**
 * Why an instance is lost to a request: it refused the connection, it did not take it in time, it
 * had closed it before the request came, it closed it afterwards, or what it answered is no HTTP.
 */
export type Loss = 'refused' | 'unreached' | 'stale' | 'closed' | 'malformed'

const lossCodes: Readonly<Record<Loss, HCode>> = {
  refused: 'H21',
  unreached: 'H19',
  stale: 'H13',
  closed: 'H13',
  malformed: 'H17',
}
const untried: readonly Instance[] = []

/** One request: finds an instance for it, another when that is safe, and ends when it is answered. */
export class Exchange implements Entry, Waiter {
  readonly asker: Asker
  readonly request: Request
  upstream: Upstream | null = null
  site: Site | null = null
  instance: Instance | null = null
  limits: Limits
  /** Something of an answer came, be it an interim one: the request is not sent again. */
  sawAnswer = false
  /** The answer's head was passed on: a failure can no more be told, only shown by breaking off. */
  isAnswering = false
  status = 0
  code: HCode | null = null
  bytes = 0
  connectMs = 0
  serviceMs = 0
  heldMs = 0
  readonly #shared: Shared
  readonly startedAt = now()
  endedAt = 0
  #origin: Origin | null = null
  /** It counts as under way to its instance. */
  #isCounted = false
  #isOver = false
  #tried = untried
  #bodyFollowed = false
  #loss: Loss | null = null
  #waitsSince = 0
  #waitsUntil = 0
  #patience: Deadline | null = null

  constructor(asker: Asker, request: Request, shared: Shared) {
    this.asker = asker
    this.request = request
    this.#shared = shared
    this.limits = shared.limits
  }

  get method(): string {
    return this.request.method
  }

  get host(): string {
    return this.request.host
  }

  get target(): string {
    return this.request.target
  }

  get requestId(): string {
    return this.#origin?.requestId ?? ''
  }

  get clientAddress(): string {
    return this.#origin?.address ?? ''
  }

  get scheme(): 'http' | 'https' {
    return this.#origin?.isSecure === true ? 'https' : 'http'
  }

  get protocol(): Entry['protocol'] {
    if (this.asker.isHttp2) return 'h2'
    return this.request.minor === 1 ? 'http/1.1' : 'http/1.0'
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Fields that the site adds to its answers, each with its CR LF. */
  get addedFields(): string {
    return this.#origin?.isSecure === true ? (this.site?.secureFields ?? '') : ''
  }

  /** Who asks, and which rule leads on. */
  meet(rule: Rule | undefined, origin: Origin): void {
    this.#origin = origin
    if (rule === undefined) return
    this.site = rule.site
    this.limits = siteLimits(rule.site, this.#shared.limits)
  }

  /** Sends the request to an instance of its site, over an idle connection where `mayReuse`. */
  assign(mayReuse = true): void {
    if (!this.#begin(mayReuse)) this.#wait()
  }

  /** A piece of the body that did not come along with the head. */
  sendBody(bytes: Buffer, start: number, end: number): void {
    this.#bodyFollowed = true
    this.upstream?.writeBytes(bytes, start, end)
  }

  /** The client is gone, or waits no longer. */
  cancel(): void {
    const upstream = this.upstream
    this.#leave()
    upstream?.close()
  }

  /** The answer has ended. */
  finish(): void {
    this.#leave()
    this.asker.onAnswered()
  }

  /** Tells who watches, once. `code`: why it ended badly, if nothing was said before. */
  conclude(code: HCode | null = null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopWaiting()
    this.code ??= code
    const end = now()
    this.serviceMs = end - this.startedAt
    this.endedAt = dateAt(end)
    this.#shared.observer.ended(this)
  }

  onConnected(ms: number): void {
    this.connectMs = ms
    this.instance?.readmit()
    this.#callWaiting()
  }

  /** From here on it is a tunnel and does not count as a request. */
  becomeTunnel(): void {
    this.instance?.beginTunnel(this.asker)
    this.#uncount()
    this.#shared.observer.tunnelBegan?.(this)
    this.asker.beginTunnel()
  }

  leaveTunnel(): void {
    this.instance?.endTunnel(this.asker)
    this.upstream?.closeWhenFlushed()
    this.upstream = null
    this.conclude()
  }

  /** Called by the connection that failed, which is closed already. */
  lose(loss: Loss): void {
    const { instance } = this
    this.#leave()
    if (this.isAnswering) return this.#breakOff(loss)
    if (loss === 'refused' || loss === 'unreached') this.#eject(instance)
    this.#loss = loss
    if (!this.#mayTryAgain(loss)) return this.asker.refuse(this.#failure())
    if (loss !== 'stale' && instance !== null) this.#tried = [...this.#tried, instance]
    this.assign(loss !== 'stale')
  }

  // Waiting.

  get heldBytes(): number {
    return this.request.text.length
  }

  retry(): boolean {
    if (!this.#begin(true)) return false
    this.#stopWaiting()
    return true
  }

  /** Goes to an instance, if one may be asked now. */
  #begin(mayReuse: boolean): boolean {
    const { site } = this
    const instance = site?.pick(this.#tried)
    if (instance === undefined || this.#leavesToOthers(instance)) return false
    instance.begin()
    this.#isCounted = true
    this.instance = instance
    this.asker.onAssigned()
    const idle = mayReuse ? this.#takeIdle(instance) : undefined
    this.upstream = idle ?? new Upstream(instance, this.#shared)
    this.upstream.serve(this)
    return true
  }

  /** One request at a time finds out whether an instance is back, if the others can wait. */
  #leavesToOthers(instance: Instance): boolean {
    return this.limits.holdMs > 0 && instance.isEjected && instance.inFlight > 0
  }

  /** Nobody can be asked now: later, when the site allows that, or never. */
  #wait(): void {
    const { site, limits } = this
    const since = now()
    this.#waitsUntil ||= since + this.#waitMs()
    const leftMs = this.#waitsUntil - since
    if (site === null || leftMs <= 0) return this.asker.refuse(this.#failure())
    if (!site.waiting.enter(this, limits.queue)) return this.asker.refuse(busy('H11'))
    this.#tried = untried
    this.#waitsSince = since
    this.#patience ??= this.#shared.wheel.deadline(() => this.asker.refuse(this.#failure()))
    this.#patience.set(leftMs)
  }

  /** Only what never reached an instance waits for another one. */
  #waitMs(): number {
    if (this.#loss !== null && this.#loss !== 'refused' && this.#loss !== 'unreached') return 0
    const { holdMs, queueMs } = this.limits
    const isFull = this.site?.instances.some((one) => !this.#tried.includes(one)) ?? false
    return isFull && holdMs === 0 ? queueMs : holdMs
  }

  #stopWaiting(): void {
    if (this.#waitsSince === 0) return
    this.site?.waiting.leave(this)
    this.heldMs += now() - this.#waitsSince
    this.#waitsSince = 0
    this.#patience?.clear()
  }

  // Ends.

  /** What is said when it has waited long enough, or may not wait. */
  #failure(): Reply {
    const again = this.#waitsSince > 0 ? 'Retry-After: 10\r\n' : ''
    if (this.#loss === null) {
      return this.site?.instances.length === 0 ? reply(503, 'H14', again) : busy('H11')
    }
    const isUnreached = this.#loss === 'refused' || this.#loss === 'unreached'
    return reply(isUnreached ? 503 : 502, lossCodes[this.#loss], again)
  }

  #breakOff(loss: Loss): void {
    this.code = loss === 'malformed' ? 'H17' : 'H18'
    this.asker.abort()
  }

  #leave(): void {
    this.#uncount()
    this.upstream = null
  }

  #uncount(): void {
    if (!this.#isCounted) return
    this.#isCounted = false
    this.instance?.end()
    this.#callWaiting()
  }

  #callWaiting(): void {
    const { site } = this
    if (site !== null && site.waitingCount > 0) site.waiting.call()
  }

  #takeIdle(instance: Instance): Upstream | undefined {
    const { wheel, limits } = this.#shared
    const ageMs = this.request.isIdempotent ? limits.instanceIdleMs : limits.instanceFreshMs
    return instance.idle.take(wheel.now - Math.ceil(ageMs / wheel.tickMs))
  }

  #eject(instance: Instance | null): void {
    if (instance !== null) eject(instance, this.#shared)
  }

  /**
   * Nothing of an answer came, all that was sent can be sent again, and either it is harmless to
   * do twice, or the instance cannot have done it yet: it was never connected or still lacks the body.
   */
  #mayTryAgain(loss: Loss): boolean {
    if (loss === 'refused' || loss === 'unreached') return true
    if (this.sawAnswer || this.#bodyFollowed || loss === 'malformed') return false
    // A request that makes an instance fall over must not be handed through all of them.
    if (loss === 'closed' && this.#tried.length > 0) return false
    const { isIdempotent, hasBody, bodyBegan } = this.request
    return isIdempotent || (hasBody && !bodyBegan)
  }
}
