import { labels } from './snapshot.ts'
import type { Sample } from './snapshot.ts'

/** Times in milliseconds, counted by how long they took. */
export class Histogram {
  readonly #boundsMs: readonly number[]
  /** One more than bounds: the last is for what took longer. */
  readonly #counts: Float64Array
  #sumMs = 0

  /** @param boundsMs upper ends, growing */
  constructor(boundsMs: readonly number[]) {
    this.#boundsMs = boundsMs
    this.#counts = new Float64Array(boundsMs.length + 1)
  }

  add(ms: number): void {
    const bounds = this.#boundsMs
    let at = 0
    while (at < bounds.length && ms > (bounds[at] as number)) at += 1
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sumMs += ms
  }

  /** In seconds and cumulative, as Prometheus has it. */
  samples(names: Readonly<Record<string, string>>): Sample[] {
    let count = 0
    const buckets = Array.from(this.#counts, (added, at): Sample => {
      count += added
      const bound = this.#boundsMs[at]
      const le = bound === undefined ? '+Inf' : String(bound / 1000)
      return [`_bucket${labels({ ...names, le })}`, count]
    })
    const own = labels(names)
    return [...buckets, [`_sum${own}`, this.#sumMs / 1000], [`_count${own}`, count]]
  }
}
