import type { Instance } from '#router/table/instance.ts'
import type { ConnectReceiver, Transport } from '#router/transport/transport.ts'
import type { Shared } from './shared.ts'
import type { Deadline } from './wheel.ts'

type Deps = Pick<Shared, 'network' | 'wheel' | 'limits'>

/** An instance refused a connection: it is asked last until it takes one, and is probed for that. */
export function eject(instance: Instance, deps: Deps): void {
  if (!instance.isEjected) new Probe(instance, deps).wait()
}

/** Connects now and then, and says nothing: no request has to find out whether an instance is back. */
class Probe implements ConnectReceiver {
  readonly #instance: Instance
  readonly #deps: Deps
  readonly #deadline: Deadline
  #transport: Transport | null = null

  constructor(instance: Instance, deps: Deps) {
    this.#instance = instance
    this.#deps = deps
    this.#deadline = deps.wheel.deadline(() => this.#onDue())
  }

  wait(): void {
    const { ejectMs } = this.#deps.limits
    this.#transport = null
    this.#instance.eject(performance.now() + ejectMs)
    this.#deadline.set(ejectMs)
  }

  onConnected(): void {
    this.#transport?.close()
    this.#deadline.clear()
    this.#instance.readmit()
    const { site } = this.#instance
    if (site.waitingCount > 0) site.waiting.call()
  }

  onClosed(): void {
    this.wait()
  }

  onBytes(): void {}
  onEnd(): void {}
  onDrained(): void {}

  #onDue(): void {
    if (this.#transport !== null) {
      this.#transport.close()
      return this.wait()
    }
    // A request may have got through meanwhile.
    if (!this.#instance.isEjected || this.#instance.isRetired) return this.#deadline.clear()
    this.#deadline.set(this.#deps.limits.connectMs)
    this.#transport = this.#deps.network.connect(this.#instance, this)
  }
}
