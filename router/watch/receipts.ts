import type { Receipt } from '#contract/watch.ts'
import type { Entry, HCode } from '#router/proxy/entry.ts'

/** What nobody closed must not be counted for ever. */
const windowLimit = 1000
const ageLimitMs = 24 * 3_600_000

/** Nobody's failure: the client left, was slow or asked for too much, or it is meant to be so. */
const excused: ReadonlySet<HCode> = new Set(['H27', 'H28', 'H31', 'H32', 'H80'])

interface Window {
  readonly site: string
  readonly sinceMs: number
  receipt: Receipt
}

const nothing: Receipt = {
  complete: false,
  served: 0,
  held: 0,
  failed: 0,
  app_errors: 0,
  longest_hold_ms: 0,
}

/** Counts requests to a site from one moment to another, under the id of whoever asked for it. */
export class Receipts {
  readonly #windows = new Map<string, Window>()

  /** Whether anything is counted at all. */
  get isCounting(): boolean {
    return this.#windows.size > 0
  }

  /** `site`: `app/environment`, which need not be known yet. */
  open(site: string, id: string, nowMs = Date.now()): Receipt {
    this.#forgetOld(nowMs)
    const present = this.#windows.get(id)
    if (present !== undefined) return present.receipt
    const receipt = { ...nothing, complete: true }
    this.#windows.set(id, { site, sinceMs: nowMs, receipt })
    return receipt
  }

  read(id: string): Receipt {
    return this.#windows.get(id)?.receipt ?? nothing
  }

  close(id: string): Receipt {
    const receipt = this.read(id)
    this.#windows.delete(id)
    return receipt
  }

  count(site: string, entry: Entry): void {
    for (const window of this.#windows.values()) {
      if (window.site === site) window.receipt = added(window.receipt, entry)
    }
  }

  /** They are kept in the order they were opened in. */
  #forgetOld(nowMs: number): void {
    for (const [id, { sinceMs }] of this.#windows) {
      if (this.#windows.size < windowLimit && nowMs - sinceMs < ageLimitMs) return
      this.#windows.delete(id)
    }
  }
}

/** Two halves of the same count, as two processes have them. */
export function mergeReceipts(a: Receipt, b: Receipt): Receipt {
  return {
    complete: a.complete && b.complete,
    served: a.served + b.served,
    held: a.held + b.held,
    failed: a.failed + b.failed,
    app_errors: a.app_errors + b.app_errors,
    longest_hold_ms: Math.max(a.longest_hold_ms, b.longest_hold_ms),
  }
}

function added(receipt: Receipt, { status, code, heldMs }: Entry): Receipt {
  const hasFailed = code !== null && !excused.has(code)
  const wasServed = !hasFailed && status > 0
  const wasHeld = heldMs > 0
  return {
    complete: receipt.complete,
    served: receipt.served + Number(wasServed),
    held: receipt.held + Number(wasHeld),
    failed: receipt.failed + Number(hasFailed),
    app_errors: receipt.app_errors + Number(wasServed && code === null && status >= 500),
    longest_hold_ms: Math.max(receipt.longest_hold_ms, Math.round(heldMs)),
  }
}
