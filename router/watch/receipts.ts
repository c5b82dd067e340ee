import { failure } from '#contract/error.ts'
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

/** What one process has of a receipt. */
export interface Part {
  readonly id: string
  readonly receipt: Receipt
}

/** Counts requests to a site from one moment to another, under the id of whoever asked for it. */
export class Receipts {
  readonly #windows = new Map<string, Window>()
  #hasEnded = false

  /** Whether anything is counted at all. */
  get isCounting(): boolean {
    return this.#windows.size > 0
  }

  /** `site`: `app/environment`, which need not be known yet. */
  open(site: string, id: string, nowMs = Date.now()): Receipt {
    this.#refuseAtEnd()
    this.#forgetOld(nowMs)
    const present = this.#windows.get(id)
    if (present !== undefined) return present.receipt
    const receipt = { ...nothing, complete: true }
    this.#windows.set(id, { site, sinceMs: nowMs, receipt })
    return receipt
  }

  close(id: string): Receipt {
    this.#refuseAtEnd()
    const receipt = this.#windows.get(id)?.receipt ?? nothing
    this.#windows.delete(id)
    return receipt
  }

  count(site: string, entry: Entry): void {
    for (const window of this.#windows.values()) {
      if (window.site === site) window.receipt = added(window.receipt, entry)
    }
  }

  /** What is being counted. */
  get sites(): readonly { readonly site: string; readonly id: string }[] {
    return Array.from(this.#windows, ([id, { site }]) => ({ site, id }))
  }

  /** Adds what another process counted that has ended. */
  add(parts: readonly Part[]): void {
    for (const { id, receipt } of parts) {
      const window = this.#windows.get(id)
      if (window !== undefined) window.receipt = mergeReceipts(window.receipt, receipt)
    }
  }

  /** Another process has ended, and nobody knows what it counted. */
  lose(): void {
    for (const window of this.#windows.values()) {
      window.receipt = { ...window.receipt, complete: false }
    }
  }

  /** What was counted until now, for whoever takes it over: here nothing can be asked from now on. */
  end(): readonly Part[] {
    this.#refuseAtEnd()
    this.#hasEnded = true
    return Array.from(this.#windows, ([id, { receipt }]) => ({ id, receipt }))
  }

  /** Who has told it to its heir must not tell it again. */
  #refuseAtEnd(): void {
    if (this.#hasEnded) throw failure('UNAVAILABLE', { program: 'router', reason: 'it has ended' })
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
