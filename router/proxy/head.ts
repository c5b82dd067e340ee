import { latin1 } from './bytes.ts'

/** A head longer than this is refused. */
export const headLimitBytes = 32_768
/** So is one with more fields. */
const fieldLimit = 200

/**
 * What the parser says: `whole`, `incomplete` (more bytes are needed), or the HTTP status that
 * tells a client what is wrong. For an answer any status means that it cannot be used.
 */
export type Verdict = number
export const incomplete: Verdict = 0
export const whole: Verdict = 1
export const malformed: Verdict = 400

/**
 * What was found in a head, as offsets into its bytes. One object serves every parse, so that a
 * request costs no allocation for each field: read what you need before the next parse.
 */
export class Head {
  /** Offset after the empty line. */
  end = 0
  /** Offset of the first field line. */
  fieldsStart = 0
  /** x of HTTP/1.x. */
  minor = 1
  fieldCount = 0
  dropCount = 0
  /** -1: not given. */
  contentLength = -1
  isChunked = false
  saysClose = false
  saysKeepAlive = false
  /** `Connection: upgrade`. */
  saysUpgrade = false
  hasUpgrade = false
  /** Fields that Connection names as meant for this hop only, in lower case. */
  named: string[] | null = null
  /** Value of the field noted last, without blanks around it. */
  valueStart = 0
  valueEnd = 0
  // Three offsets for each field: its start, its colon, the start of the next line.
  readonly #offsets = new Int32Array(3 * fieldLimit)
  readonly #drops = new Uint8Array(fieldLimit)

  reset(): void {
    this.fieldCount = this.dropCount = 0
    this.contentLength = -1
    this.isChunked = this.saysClose = this.saysKeepAlive = false
    this.saysUpgrade = this.hasUpgrade = false
    this.named = null
  }

  /** False when there are too many. */
  addField(start: number, colon: number, next: number): boolean {
    if (this.fieldCount === fieldLimit) return false
    const slot = 3 * this.fieldCount
    this.#offsets[slot] = start
    this.#offsets[slot + 1] = colon
    this.#offsets[slot + 2] = next
    this.#drops[this.fieldCount] = 0
    this.fieldCount += 1
    return true
  }

  /** Leaves a field out of what is passed on; the one added last unless told. */
  drop(index = this.fieldCount - 1): void {
    if (this.#drops[index] === 1) return
    this.#drops[index] = 1
    this.dropCount += 1
  }

  /** Leaves out the fields that Connection names. */
  dropNamed(bytes: Buffer): void {
    if (this.named === null) return
    for (let i = 0; i < this.fieldCount; i += 1) {
      const name = latin1(bytes, this.#offset(3 * i), this.#offset(3 * i + 1)).toLowerCase()
      if (this.named.includes(name)) this.drop(i)
    }
  }

  /** What a field says, without blanks around it, several joined by commas; null: it is not there. */
  value(bytes: Buffer, name: string): string | null {
    let value: string | null = null
    for (let i = 0; i < this.fieldCount; i += 1) {
      const colon = this.#offset(3 * i + 1)
      if (colon - this.#offset(3 * i) !== name.length) continue
      if (latin1(bytes, this.#offset(3 * i), colon).toLowerCase() !== name) continue
      const one = latin1(bytes, colon + 1, this.#offset(3 * i + 2)).trim()
      value = value === null ? one : `${value}, ${one}`
    }
    return value
  }

  /** The text from `start` to the empty line, without that line and without what was dropped. */
  keptText(bytes: Buffer, start: number): string {
    let text = ''
    let from = start
    for (let i = 0, left = this.dropCount; left > 0; i += 1) {
      if (this.#drops[i] !== 1) continue
      left -= 1
      const dropStart = this.#offset(3 * i)
      if (dropStart > from) text += latin1(bytes, from, dropStart)
      from = this.#offset(3 * i + 2)
    }
    return text + latin1(bytes, from, this.end - 2)
  }

  /**
   * Moves what is kept of the head together, up to the body, in place. Returns where it begins now;
   * the head cannot be read again.
   */
  closeGaps(bytes: Buffer, start: number): number {
    let to = this.end
    let end = this.end
    for (let i = this.fieldCount - 1, left = this.dropCount; left > 0; i -= 1) {
      if (this.#drops[i] !== 1) continue
      left -= 1
      to = moveBefore(bytes, to, this.#offset(3 * i + 2), end)
      end = this.#offset(3 * i)
    }
    return moveBefore(bytes, to, start, end)
  }

  #offset(slot: number): number {
    return this.#offsets[slot] as number
  }
}

/** Moves a span so that it ends at `to`. Returns where it begins. */
function moveBefore(bytes: Buffer, to: number, start: number, end: number): number {
  const at = to - (end - start)
  if (at !== start) bytes.copyWithin(at, start, end)
  return at
}
