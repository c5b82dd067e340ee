import type { Instance, Tunnel } from '#router/table/instance.ts'
import type { Routes } from '#router/table/routes.ts'
import type { Limits } from './limits.ts'
import type { Request } from './request.ts'
import type { Wheel } from './wheel.ts'
import type { Network } from './transport.ts'
import { Upstream } from './upstream.ts'

/** What all connections of a proxy share. */
export interface Shared {
  readonly routes: Routes
  readonly network: Network
  readonly wheel: Wheel
  readonly limits: Limits
}

/** The client's side of an exchange. */
export interface Asker extends Tunnel {
  readonly isCongested: boolean
  /** The request has arrived whole. */
  readonly isRequestRead: boolean
  /** This answer is the connection's last. */
  readonly mustClose: boolean
  /** The answer ends with the connection. */
  closeAfterAnswer(): void
  writeText(text: string): void
  writeBytes(bytes: Buffer, start: number, end: number): void
  /** The instance takes the request's body now, or again. */
  onReady(): void
  /** Bytes of an answer came: it is alive. */
  onProgress(): void
  onAnswered(): void
  /** Answers with a page of our own. */
  refuse(status: number): void
  /** Breaks off so that the client sees it. */
  abort(): void
  beginTunnel(): void
  /** The instance writes no more into the tunnel. */
  onTunnelEnd(): void
  /** The instance has left the tunnel. */
  onTunnelClosed(): void
}

/**
 * Why an instance is lost to a request: it could not be connected to, it had closed the connection
 * before the request came, it closed it afterwards, or what it answered is no HTTP.
 */
export type Loss = 'unreachable' | 'stale' | 'closed' | 'malformed'

/** One request: finds an instance for it, another when that is safe, and ends when it is answered. */
export class Exchange {
  readonly asker: Asker
  readonly request: Request
  upstream: Upstream | null = null
  /** Something of an answer came, be it an interim one: the request is not sent again. */
  sawAnswer = false
  /** The answer's head was passed on: a failure can no more be told, only shown by breaking off. */
  isAnswering = false
  readonly #shared: Shared
  #instance: Instance | null = null
  readonly #tried: Instance[] = []
  #bodyFollowed = false
  #failure: 502 | 503 = 503

  constructor(asker: Asker, request: Request, shared: Shared) {
    this.asker = asker
    this.request = request
    this.#shared = shared
  }

  /** Sends the request to an instance of its host, over an idle connection where `mayReuse`. */
  assign(mayReuse = true): void {
    const target = this.#shared.routes.find(this.request.host)
    if (target === undefined) return this.asker.refuse(404)
    const instance = target.pick(this.#tried, performance.now())
    if (instance === undefined) return this.asker.refuse(this.#failure)
    instance.begin()
    this.#instance = instance
    const idle = mayReuse ? this.#takeIdle(instance) : undefined
    this.upstream = idle ?? new Upstream(instance, this.#shared)
    this.upstream.serve(this)
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

  /** From here on it is a tunnel and does not count as a request. */
  becomeTunnel(): void {
    this.#instance?.tunnels.add(this.asker)
    this.#instance?.end()
    this.asker.beginTunnel()
  }

  leaveTunnel(): void {
    this.#instance?.tunnels.delete(this.asker)
    this.#instance = null
    this.upstream?.closeWhenFlushed()
    this.upstream = null
  }

  /** Called by the connection that failed, which is closed already. */
  lose(loss: Loss): void {
    const instance = this.#instance
    this.#leave()
    if (this.isAnswering) return this.asker.abort()
    if (loss === 'unreachable') this.#eject(instance)
    else this.#failure = 502
    if (!this.#mayTryAgain(loss)) return this.asker.refuse(502)
    if (loss !== 'stale' && instance !== null) this.#tried.push(instance)
    this.assign(loss !== 'stale')
  }

  #leave(): void {
    this.#instance?.end()
    this.#instance = null
    this.upstream = null
  }

  #takeIdle(instance: Instance): Upstream | undefined {
    const { wheel, limits } = this.#shared
    const ageMs = this.request.isIdempotent ? limits.instanceIdleMs : limits.instanceFreshMs
    return instance.idle.take(wheel.now - Math.ceil(ageMs / wheel.tickMs))
  }

  #eject(instance: Instance | null): void {
    if (instance !== null) instance.ejectedUntil = performance.now() + this.#shared.limits.ejectMs
  }

  /**
   * Nothing of an answer came, all that was sent can be sent again, and either it is harmless to
   * do twice, or the instance cannot have done it yet: it was never connected or still lacks the body.
   */
  #mayTryAgain(loss: Loss): boolean {
    if (loss === 'unreachable') return true
    if (this.sawAnswer || this.#bodyFollowed || loss === 'malformed') return false
    // A request that makes an instance fall over must not be handed through all of them.
    if (loss === 'closed' && this.#tried.length > 0) return false
    const { isIdempotent, hasBody, bodyBegan } = this.request
    return isIdempotent || (hasBody && !bodyBegan)
  }
}
