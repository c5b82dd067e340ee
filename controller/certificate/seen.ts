import { certificateGeneration } from '#controller/store/certificates.ts'
import type { Store } from '#controller/store/tables.ts'

/** Certificates end by themselves, so all is looked at so often, whatever has changed. */
const longestMs = 600_000

/**
 * Whether anything has changed since all was in order. With 100,000 hosts to look at them takes a
 * second, in which nothing else is done.
 */
export class Seen {
  #generation: number | null = null
  #atMs = 0

  /** The generation the database is at, when it is not the one that was in order. */
  async next(db: Store, now: Date): Promise<number | null> {
    const generation = await certificateGeneration(db)
    const isOld = Math.abs(now.getTime() - this.#atMs) > longestMs
    return generation === this.#generation && !isOld ? null : generation
  }

  /** All was in order at this generation. */
  keep(generation: number, now: Date): void {
    this.#generation = generation
    this.#atMs = now.getTime()
  }
}
