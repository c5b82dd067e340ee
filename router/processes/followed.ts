import type { Endpoint } from '#contract/endpoint.ts'
import { SlipwayError } from '#contract/error.ts'
import { countReceipt } from '#contract/watch.ts'
import { lastCounts } from '#router/watch/last-counts.ts'
import type { Part, Receipts } from '#router/watch/receipts.ts'
import type { Asked } from './sibling.ts'

/** A process whose counts come to ours when it ends; if it is killed, ours are not complete. */
export class Followed implements Asked {
  /** Resolves when its counts have come, or are lost, or another one follows it. */
  readonly end: Promise<void>
  readonly #sibling: Asked

  /** `signal`: another one follows it. */
  constructor(sibling: Asked, receipts: Receipts, signal?: AbortSignal) {
    this.#sibling = sibling
    this.end = sibling.ask(lastCounts, null, signal).then(
      (parts) => receipts.add(parts as readonly Part[]),
      () => (signal?.aborted === true ? undefined : receipts.lose()),
    )
  }

  async ask(endpoint: Endpoint, body: unknown, signal?: AbortSignal): Promise<unknown> {
    try {
      return await this.#sibling.ask(endpoint, body, signal)
    } catch (error) {
      // What it counted is on its way to us, and is to be there before ours is told.
      const isAsked = endpoint === countReceipt && signal?.aborted !== true
      if (isAsked && isUnavailable(error)) await this.end
      throw error
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof SlipwayError && error.code === 'UNAVAILABLE'
}
