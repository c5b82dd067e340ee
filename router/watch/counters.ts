import type { Site } from '#router/table/site.ts'
import { AppCounts } from './app-counts.ts'

/** An app and environment that had no request for so long may lose its place to another. */
const idleMs = 3_600_000
/** How often one is looked for. */
const sweepMs = 60_000

/**
 * The counts of every app, at most `limit` of them: the rest is counted together as `other`, so
 * that whoever makes many apps makes no flood of series.
 */
export class Counters {
  readonly #limit: number
  readonly #apps = new Map<string, AppCounts>()
  readonly #other = new AppCounts('other', '')
  #sweptMs = -Infinity
  /** Requests that are no app's. */
  readonly none = new AppCounts('none', '')

  constructor(limit: number) {
    this.#limit = limit
  }

  of({ key, app, environment }: Site, nowMs: number): AppCounts {
    const known = this.#apps.get(key)
    if (known !== undefined) return known
    if (this.#apps.size >= this.#limit) this.#sweep(nowMs)
    if (this.#apps.size >= this.#limit) return this.#other
    const added = new AppCounts(app, environment)
    added.lastMs = nowMs
    this.#apps.set(key, added)
    return added
  }

  /** What an app (`app/environment`) goes by in the metrics: itself, or `other`. */
  labelled(key: string): AppCounts {
    return this.#apps.get(key) ?? this.#other
  }

  /** Those that have counted something. */
  all(): AppCounts[] {
    return [...this.#apps.values(), this.#other, this.none].filter(({ lastMs }) => lastMs > 0)
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < sweepMs) return
    this.#sweptMs = nowMs
    for (const [key, counts] of this.#apps) {
      if (nowMs - counts.lastMs < idleMs) continue
      counts.isGone = true
      this.#apps.delete(key)
    }
  }
}
