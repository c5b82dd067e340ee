import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { endpoint } from '#contract/endpoint.ts'
import { Receipt } from '#contract/watch.ts'
import type { Call } from '#router/admin/calls.ts'
import type { Receipts } from './receipts.ts'

/**
 * Asked of a process for as long as it lives. The answer comes when it has served its last request; a
 * connection that breaks off instead tells that it was killed.
 */
export const lastCounts = endpoint({
  method: 'POST',
  path: '/receipts/last',
  summary: 'What was counted for receipts, once nothing more will be.',
  allow: 'controller',
  reply: Type.Array(Type.Object({ id: Type.String(), receipt: Receipt })),
})

/** At the change from one heir to the next, there is none for a moment. */
const heirMs = 5000

/** How a process that ends leaves its counts to another one. */
export class LastCounts {
  readonly #receipts: Receipts
  readonly #ended = Promise.withResolvers<void>()
  readonly #heirs = new Set<Promise<unknown>>()
  #onHeir: () => void = () => undefined

  constructor(receipts: Receipts) {
    this.#receipts = receipts
  }

  get call(): Call {
    return { endpoint: lastCounts, answer: (_, signal) => this.#answer(signal) }
  }

  /** Nothing more will be counted: returns when the heir has it, or none has come. */
  async tell(): Promise<void> {
    const late = sleep(heirMs)
    const came = new Promise<void>((resolve) => (this.#onHeir = resolve))
    this.#ended.resolve()
    if (this.#heirs.size === 0 && this.#receipts.isCounting) await Promise.race([came, late])
    await Promise.race([Promise.all(this.#heirs), late])
  }

  async #answer(signal: AbortSignal): Promise<unknown> {
    const gone = once(signal, 'abort')
    this.#heirs.add(gone)
    void gone.then(() => this.#heirs.delete(gone))
    this.#onHeir()
    await this.#ended.promise
    return signal.aborted ? [] : this.#receipts.end()
  }
}
