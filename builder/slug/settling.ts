import type { Log } from '#lib/log.ts'
import { run } from '#builder/process.ts'

/** A disk that is kept busy by others is not waited for longer. */
const patienceMs = 10_000

/**
 * What builds have written, on its way to the disk. The overlays they write through do not wait for it
 * when they are unmounted; so it is begun here, while the release is deployed, and a push says that it is
 * live when it would also be after a loss of power.
 */
export class Settling {
  readonly #directory: string
  readonly #log: Log
  #last: Promise<void> = Promise.resolve()
  #isDue = false

  constructor(directory: string, log: Log) {
    this.#directory = directory
    this.#log = log
  }

  /** There is something new to write out. */
  note(): void {
    this.#isDue = true
  }

  /** Begins to write it out, after what was begun before. */
  begin(): void {
    if (!this.#isDue) return
    this.#isDue = false
    this.#last = this.#last.then(() => this.#write())
  }

  /** Once all that was begun is written, or has taken too long. Never rejects. */
  done(): Promise<void> {
    return this.#last
  }

  async #write(): Promise<void> {
    try {
      const argv = ['sync', '--file-system', this.#directory]
      await run(argv, {}, AbortSignal.timeout(patienceMs))
    } catch (error) {
      this.#log.warn('slug.not_settled', { reason: String(error) })
    }
  }
}
