/** Where something was found: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Search {
  readonly spans: readonly Span[]
  /** Where something begins that may go on behind the last byte; the length when nothing does. */
  readonly open: number
}

/**
 * Finds any of many byte strings in one pass, however many there are: most places are passed over for
 * the sake of their first two bytes.
 */
export class Patterns {
  readonly #starts = new Uint8Array(65_536)
  readonly #firsts = new Uint8Array(256)
  readonly #byStart = new Map<number, Buffer[]>()

  /** Each at least two bytes long. */
  constructor(patterns: readonly Buffer[]) {
    for (const pattern of patterns) {
      const [first = 0] = pattern
      const start = pattern.readUInt16BE(0)
      this.#starts[start] = 1
      this.#firsts[first] = 1
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), pattern])
    }
  }

  search(bytes: Buffer): Search {
    const spans: Span[] = []
    let open = bytes.length
    for (let at = 0; at + 1 < bytes.length; at += 1) {
      const start = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
      if (this.#starts[start] === 0) continue
      for (const pattern of this.#byStart.get(start) ?? []) {
        const length = Math.min(pattern.length, bytes.length - at)
        if (bytes.compare(pattern, 0, length, at, at + length) !== 0) continue
        if (length === pattern.length) spans.push({ start: at, end: at + length })
        else open = Math.min(open, at)
      }
    }
    const last = bytes.at(-1)
    if (last !== undefined && this.#firsts[last] === 1) open = Math.min(open, bytes.length - 1)
    return { spans, open }
  }
}
