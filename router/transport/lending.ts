/**
 * Memory to read into. All connections share one buffer, whose bytes are gone after the call that
 * lends them. One that reads much gets a large buffer of its own, which a write may hold on to.
 */

export const sharedBytes = 65_536
export const bulkBytes = 262_144
/** Large buffers kept for the next one who needs one. */
const spareBulks = 32
/** Small spans are many: views of them are made once for each size. */
const keptViews = 4096

/** A buffer of which the first so many bytes are used, again and again. */
export class Scratch {
  readonly bytes: Buffer
  readonly #views: Buffer[] = []

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }

  /** The first bytes. The same object each time, for small sizes. */
  view(size: number): Buffer {
    if (size > keptViews) return this.bytes.subarray(0, size)
    const view = this.#views[size]
    if (view !== undefined) return view
    return (this.#views[size] = this.bytes.subarray(0, size))
  }
}

export const shared = new Scratch(sharedBytes)
const bulks = new WeakMap<ArrayBufferLike, Bulk>()
const spares: Bulk[] = []

export function isShared(bytes: Buffer): boolean {
  return bytes.buffer === shared.bytes.buffer
}

/** A large buffer: lent to a reader, held by writes, and spare again when neither is left. */
export class Bulk {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(bulkBytes)
  /** Called once, when the last write lets go. */
  onFree: (() => void) | null = null
  readonly release: () => void
  #isLent = true
  #holds = 0

  constructor() {
    bulks.set(this.bytes.buffer, this)
    this.release = () => {
      this.#holds -= 1
      this.#settle()
    }
  }

  /** A spare one, or a new one. */
  static take(): Bulk {
    const bulk = spares.pop() ?? new Bulk()
    bulk.#isLent = true
    return bulk
  }

  /** The one these bytes lie in. */
  static of(bytes: Buffer): Bulk | undefined {
    return bulks.get(bytes.buffer)
  }

  get isHeld(): boolean {
    return this.#holds > 0
  }

  /** Keeps the bytes as they are until `release`. */
  hold(): void {
    this.#holds += 1
  }

  /** The reader needs it no more. */
  giveBack(): void {
    this.#isLent = false
    this.onFree = null
    this.#settle()
  }

  #settle(): void {
    if (this.#holds > 0) return
    if (!this.#isLent) {
      if (spares.length < spareBulks) spares.push(this)
      return
    }
    const onFree = this.onFree
    this.onFree = null
    onFree?.()
  }
}
