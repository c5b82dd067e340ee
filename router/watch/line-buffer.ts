import type { Entry } from '#router/proxy/entry.ts'
import { Line } from './line.ts'

/** Whose lines they are, and how many of them were taken and left out. */
export interface LineOwner {
  readonly app: string
  readonly environment: string
  /** Second of `taken`. */
  second: number
  /** Lines taken in that second. */
  taken: number
  /** Lines left out that nobody was told of yet. */
  dropped: number
}

export interface LineBufferOptions {
  /** Lines kept at the same time, over all owners: a power of two. */
  readonly limit: number
  /** Lines of one owner in a second; the rest is only counted. */
  readonly perSecond: number
}

/**
 * Lines on their way to the logs, first in, first out. Taking one copies a few fields into a record
 * that is used again; when there is no room, or the owner has had its share, it is only counted.
 */
export class LineBuffer {
  readonly #options: LineBufferOptions
  readonly #lines: Line[] = []
  readonly #owners: LineOwner[] = []
  /** Owners with lines left out. */
  readonly #short = new Set<LineOwner>()
  #first = 0
  #size = 0
  #dropped = 0

  constructor(options: LineBufferOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  /** Lines that nobody will see, ever since. */
  get dropped(): number {
    return this.#dropped
  }

  take(owner: LineOwner, entry: Entry): void {
    const second = Math.trunc(entry.endedAt / 1000)
    if (owner.second !== second) {
      owner.second = second
      owner.taken = 0
    }
    const { limit, perSecond } = this.#options
    if (owner.taken >= perSecond || this.#size === limit) return this.drop(owner, 1)
    owner.taken += 1
    const at = (this.#first + this.#size) & (limit - 1)
    const line = (this.#lines[at] ??= new Line())
    line.take(entry)
    this.#owners[at] = owner
    this.#size += 1
  }

  /** Counts lines of an owner that nobody will see. */
  drop(owner: LineOwner, count: number): void {
    this.#dropped += count
    this.unsay(owner, count)
  }

  /** Nobody was told of lines that were left out. */
  unsay(owner: LineOwner, count: number): void {
    if (owner.dropped === 0) this.#short.add(owner)
    owner.dropped += count
  }

  /** Gives up to `count` lines, oldest first; they are good during the call only. */
  drain(count: number, each: (owner: LineOwner, line: Line) => void): void {
    for (let left = Math.min(count, this.#size); left > 0; left -= 1) {
      const at = this.#first
      each(this.#owners[at] as LineOwner, this.#lines[at] as Line)
      this.#first = (at + 1) & (this.#options.limit - 1)
      this.#size -= 1
    }
  }

  /** Gives how many lines were left out, by owner, and forgets it. */
  drainDropped(each: (owner: LineOwner, count: number) => void): void {
    for (const owner of this.#short) {
      const count = owner.dropped
      owner.dropped = 0
      each(owner, count)
    }
    this.#short.clear()
  }
}
