import type { Instance } from '#router/table/instance.ts'
import type { Asker } from './asker.ts'
import type { HCode } from './entry.ts'
import { cutCode, isUnreached, lossReply, mayTryAgain } from './loss.ts'
import type { Loss } from './loss.ts'
import { OpenEntry } from './open-entry.ts'
import { Patience } from './patience.ts'
import { eject } from './probe.ts'
import { busy, reply } from './reply.ts'
import type { Reply } from './reply.ts'
import type { Request } from './request.ts'
import type { Shared } from './shared.ts'
import { Upstream } from './upstream.ts'
import type { Waiter } from './waiting.ts'
import type { Deadline } from './wheel.ts'

const untried: readonly Instance[] = []

/** One request: finds an instance for it, another when that is safe, and ends when it is answered. */
export class Exchange extends OpenEntry implements Waiter {
  upstream: Upstream | null = null
  /** Something of an answer came, be it an interim one: the request is not sent again. */
  sawAnswer = false
  /** The answer's head was passed on: a failure can no more be told, only shown by breaking off. */
  isAnswering = false
  readonly #shared: Shared
  /** It counts as under way to its instance. */
  #isCounted = false
  #tried = untried
  /** Of the body, what did not come along with the head. */
  #followedBytes = 0
  #loss: Loss | null = null
  /** Most requests never wait. */
  #patience: Patience | null = null

  constructor(asker: Asker, request: Request, shared: Shared) {
    super(asker, request, shared.limits)
    this.#shared = shared
  }

  // To an instance.

  /** Sends the request to an instance of its site, over an idle connection where `mayReuse`. */
  assign(mayReuse = true): void {
    if (!this.#begin(mayReuse)) this.#wait()
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

  #takeIdle(instance: Instance): Upstream | undefined {
    const { wheel, limits } = this.#shared
    const ageMs = this.request.isIdempotent ? limits.instanceIdleMs : limits.instanceFreshMs
    return instance.idle.take(wheel.now - Math.ceil(ageMs / wheel.tickMs))
  }

  onConnected(ms: number): void {
    this.connectMs = ms
    this.instance?.readmit()
    this.#callWaiting()
  }

  /** An instance takes bytes of the body now. */
  get isInstanceReady(): boolean {
    return this.upstream?.isReady === true
  }

  /** A piece of the body that did not come along with the head; false: it makes the body too large. */
  sendBody(bytes: Buffer, start: number, end: number): boolean {
    this.#followedBytes += end - start
    if (this.#followedBytes > this.limits.bodyBytes) return false
    this.upstream?.writeBytes(bytes, start, end)
    return true
  }

  // To another one.

  /** Called by the connection that failed, which is closed already. */
  lose(loss: Loss): void {
    const { instance } = this
    this.#leave()
    if (this.isAnswering) return this.#breakOff(loss)
    if (isUnreached(loss) && instance !== null) eject(instance, this.#shared)
    this.#loss = loss
    if (!this.#mayTryAgain(loss)) return this.asker.refuse(this.#failure())
    if (loss !== 'stale' && instance !== null) this.#tried = [...this.#tried, instance]
    this.assign(loss !== 'stale')
  }

  #mayTryAgain(loss: Loss): boolean {
    const { request, sawAnswer } = this
    const bodyFollowed = this.#followedBytes > 0
    return mayTryAgain(loss, {
      request,
      sawAnswer,
      bodyFollowed,
      isRepeated: this.#tried !== untried,
    })
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

  /** Nobody can be asked now: later, when the site allows that, or never. */
  #wait(): void {
    const { site, limits } = this
    const patience = (this.#patience ??= new Patience(this.#waitMs(), this.#newDeadline()))
    if (site === null || patience.isOver) return this.asker.refuse(this.#failure())
    if (!site.waiting.enter(this, limits.queue)) return this.asker.refuse(busy('H11'))
    this.#tried = untried
    patience.begin()
  }

  #newDeadline(): Deadline {
    return this.#shared.wheel.deadline(() => this.asker.refuse(this.#failure()))
  }

  /** Only what never reached an instance waits for another one. */
  #waitMs(): number {
    if (this.#loss !== null && !isUnreached(this.#loss)) return 0
    const { holdMs, queueMs } = this.limits
    const isFull = this.site?.instances.some((one) => !this.#tried.includes(one)) ?? false
    return isFull && holdMs === 0 ? queueMs : holdMs
  }

  #stopWaiting(): void {
    if (this.#patience?.isWaiting !== true) return
    this.site?.waiting.leave(this)
    this.heldMs += this.#patience.end()
  }

  #callWaiting(): void {
    const { site } = this
    if (site !== null && site.waitingCount > 0) site.waiting.call()
  }

  // A tunnel.

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

  // Ends.

  /** The answer has ended. */
  finish(): void {
    this.#leave()
    this.asker.onAnswered()
  }

  /** The client is gone, or waits no longer. */
  cancel(): void {
    const upstream = this.upstream
    this.#leave()
    upstream?.close()
  }

  /** Tells who watches, once. `code`: why it ended badly, if nothing was said before. */
  conclude(code: HCode | null = null): void {
    if (this.isOver) return
    this.#stopWaiting()
    this.closeEntry(code)
    this.#shared.observer.ended(this)
  }

  /** What is said when it has waited long enough, or may not wait. */
  #failure(): Reply {
    const again = this.#patience?.isWaiting === true ? 'Retry-After: 10\r\n' : ''
    if (this.#loss !== null) return lossReply(this.#loss, again)
    return this.site?.instances.length === 0 ? reply(503, 'H14', again) : busy('H11')
  }

  #breakOff(loss: Loss): void {
    this.code = cutCode(loss)
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
}
