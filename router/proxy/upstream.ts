import { now } from '#router/clock.ts'
import type { Idle } from '#router/table/pool.ts'
import type { Instance } from '#router/table/instance.ts'
import { readAnswer } from './answering.ts'
import { Body } from './body.ts'
import type { Exchange } from './exchange.ts'
import type { Loss } from './loss.ts'
import type { Shared } from './shared.ts'
import type { ConnectReceiver, Transport } from '#router/transport/transport.ts'
import type { Deadline } from './wheel.ts'

type Stage = 'connecting' | 'idle' | 'head' | 'body' | 'tunnel' | 'last' | 'closed'

/**
 * A connection to an instance: one request after the other goes out, its answer comes back, which
 * `answering.ts` reads.
 */
export class Upstream implements ConnectReceiver, Idle {
  idleSince = 0
  stage: Stage = 'connecting'
  /** Of the answer under way. */
  readonly body = new Body()
  /** Part of a head. */
  stash: Buffer | null = null
  /** Heads of interim answers that came before the answer. */
  interims = 0
  /** The answer under way leaves the connection usable. */
  keepsAlive = false
  readonly #instance: Instance
  readonly #shared: Shared
  readonly #transport: Transport
  readonly #deadline: Deadline
  #exchange: Exchange | null = null
  #hasServed = false
  #hasEnded = false
  #idleMs: number
  readonly #openedAt = now()

  constructor(instance: Instance, shared: Shared) {
    this.#instance = instance
    this.#shared = shared
    this.#idleMs = shared.limits.instanceIdleMs
    this.#deadline = shared.wheel.deadline(() => this.#onDue())
    this.#deadline.set(shared.limits.connectMs)
    this.#transport = shared.network.connect(instance, this)
  }

  // What the exchange asks for.

  /** It takes bytes of a request's body. */
  get isReady(): boolean {
    return this.stage !== 'connecting' && !this.#transport.isCongested
  }

  /** Sends a request, as soon as there is a connection. */
  serve(exchange: Exchange): void {
    this.#exchange = exchange
    if (this.stage !== 'connecting') this.#send(exchange)
  }

  #send(exchange: Exchange): void {
    this.stage = 'head'
    this.interims = 0
    this.#deadline.suspend()
    this.#transport.writeText(exchange.request.text)
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
    if (this.stage === 'closed') return
    if (this.stage === 'idle') this.#instance.idle.remove(this)
    this.stage = 'closed'
    this.#exchange = null
    this.stash = null
    this.#deadline.clear()
    this.#transport.close()
  }

  /** The client has left the tunnel: what it said last is still delivered. */
  closeWhenFlushed(): void {
    if (this.stage === 'closed') return
    this.stage = 'last'
    this.#exchange = null
    this.#transport.shutDown()
    this.#deadline.set(this.#shared.limits.lingerMs)
  }

  // What comes from the instance.

  onConnected(): void {
    this.stage = 'idle'
    const exchange = this.#exchange
    if (exchange === null) return this.close()
    exchange.onConnected(now() - this.#openedAt)
    this.#send(exchange)
    exchange.asker.onReady()
  }

  onBytes(bytes: Buffer): void {
    if (this.stage === 'last') return
    const exchange = this.#exchange
    // An answer nobody asked for would be taken for that of the next request.
    if (exchange === null) return this.close()
    exchange.sawAnswer = true
    exchange.asker.onProgress()
    const all = this.stash === null ? bytes : Buffer.concat([this.stash, bytes])
    this.stash = null
    if (this.stage === 'tunnel') exchange.asker.onTunnelBytes(all)
    else readAnswer(this, exchange, all)
    if (this.#exchange !== null && exchange.asker.isCongested) this.#transport.pause()
  }

  onDrained(): void {
    this.#exchange?.asker.onReady()
  }

  onEnd(): void {
    this.#hasEnded = true
    if (this.stage === 'tunnel') this.#exchange?.asker.onTunnelEnd()
    else if (this.stage === 'body' && this.body.endsWithConnection) this.finish(false)
    else if (this.stage !== 'last') this.lose(this.#closedLoss())
  }

  onClosed(): void {
    if (this.stage === 'tunnel') this.#leaveTunnel()
    else this.lose(this.#closedLoss())
  }

  #leaveTunnel(): void {
    const asker = this.#exchange?.asker
    this.close()
    asker?.onTunnelClosed()
  }

  #closedLoss(): Loss {
    if (this.stage === 'connecting') return 'refused'
    return this.#hasServed && this.#exchange?.sawAnswer === false ? 'stale' : 'closed'
  }

  #onDue(): void {
    if (this.stage === 'connecting') this.lose('unreached')
    else if (this.stage === 'idle' || this.stage === 'last') this.close()
  }

  // What an answer comes to.

  /** Nothing can be expected of it any more. */
  lose(loss: Loss): void {
    const exchange = this.#exchange
    this.close()
    exchange?.lose(loss)
  }

  /** We let go a second before the instance says that it will. */
  idleFor(keepAliveS: number): void {
    const { instanceIdleMs } = this.#shared.limits
    this.#idleMs = Math.min(instanceIdleMs, Math.max(keepAliveS * 1000 - 1000, 0))
  }

  /** The answer has ended; the connection waits for the next request, or goes. */
  finish(isUsable: boolean): void {
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
    this.stage = 'idle'
    this.idleSince = this.#shared.wheel.now
    this.#transport.rest()
    this.#deadline.set(this.#idleMs)
    // Read on: an idle connection that the instance closes must be noticed at once.
    this.#transport.resume()
    this.#instance.idle.put(this)
  }
}
