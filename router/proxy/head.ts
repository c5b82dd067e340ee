import {
  blankBytes,
  byteAt,
  COLON,
  CR,
  digitBytes,
  fieldBytes,
  latin1,
  LF,
  skip,
  tokenBytes,
} from './bytes.ts'
import { field, fieldId } from './field-name.ts'

/** A head longer than this is refused. */
export const headLimitBytes = 32_768
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

  #offset(slot: number): number {
    return this.#offsets[slot] as number
  }
}

/** Told of each field we know; answers `whole` to go on, or what is wrong. */
export type NoteField<H extends Head> = (head: H, bytes: Buffer, id: number) => Verdict

/** Reads the field lines from `at` to the empty line. */
export function parseFields<H extends Head>(
  head: H,
  bytes: Buffer,
  at: number,
  note: NoteField<H>,
): Verdict {
  head.fieldsStart = at
  let next = at
  for (;;) {
    if (next + 1 >= bytes.length) return incomplete
    if (byteAt(bytes, next) === CR) break
    const verdict = readField(head, bytes, next, note)
    if (verdict !== whole) return verdict
    next = fieldEnd
  }
  head.end = next + 2
  return byteAt(bytes, next + 1) === LF ? whole : malformed
}

let fieldEnd = 0

function readField<H extends Head>(
  head: H,
  bytes: Buffer,
  at: number,
  note: NoteField<H>,
): Verdict {
  const colon = skip(tokenBytes, bytes, at, bytes.length)
  if (colon === bytes.length) return incomplete
  if (colon === at || byteAt(bytes, colon) !== COLON) return malformed
  const lineEnd = skip(fieldBytes, bytes, colon + 1, bytes.length)
  if (lineEnd + 1 >= bytes.length) return atLineEnd(bytes, lineEnd)
  if (byteAt(bytes, lineEnd) !== CR || byteAt(bytes, lineEnd + 1) !== LF) return malformed
  fieldEnd = lineEnd + 2
  if (!head.addField(at, colon, fieldEnd)) return 431
  const id = fieldId(bytes, at, colon)
  if (id === field.other) return whole
  trimValue(head, bytes, colon + 1, lineEnd)
  return note(head, bytes, id)
}

/** Bytes ran out in a line: fine, unless what stands last can never become right. */
function atLineEnd(bytes: Buffer, at: number): Verdict {
  return at === bytes.length || byteAt(bytes, at) === CR ? incomplete : malformed
}

function trimValue(head: Head, bytes: Buffer, start: number, end: number): void {
  head.valueStart = skip(blankBytes, bytes, start, end)
  head.valueEnd = end
  while (head.valueEnd > head.valueStart && blankBytes[byteAt(bytes, head.valueEnd - 1)] === 1) {
    head.valueEnd -= 1
  }
}

/** The value noted last, in lower case. */
export function lowerValue(head: Head, bytes: Buffer): string {
  return latin1(bytes, head.valueStart, head.valueEnd).toLowerCase()
}

/** `Content-Length`: digits only, once only. 413 when nobody could mean such a number. */
export function noteContentLength(head: Head, bytes: Buffer): Verdict {
  const { valueStart, valueEnd } = head
  const isNumber =
    valueEnd > valueStart && skip(digitBytes, bytes, valueStart, valueEnd) === valueEnd
  if (!isNumber || head.contentLength >= 0) return malformed
  if (valueEnd - valueStart > 15) return 413
  head.contentLength = Number(latin1(bytes, valueStart, valueEnd))
  return whole
}

/** `Transfer-Encoding`: `chunked` alone and once; others we do not speak. */
export function noteTransferEncoding(head: Head, bytes: Buffer): Verdict {
  if (head.isChunked) return malformed
  if (lowerValue(head, bytes) !== 'chunked') return 501
  head.isChunked = true
  return whole
}

/** Without these nobody knows where a message ends or whose it is, so they are never for one hop. */
const neverNamed = new Set(['host', 'content-length', 'transfer-encoding'])

/** `Connection`: what it says is noted, the field itself is never passed on. */
export function noteConnection(head: Head, bytes: Buffer): Verdict {
  head.drop()
  const value = lowerValue(head, bytes)
  if (value === 'keep-alive') head.saysKeepAlive = true
  else if (value === 'close') head.saysClose = true
  else return noteOptions(head, value)
  return whole
}

function noteOptions(head: Head, value: string): Verdict {
  for (const part of value.split(',')) {
    const option = part.trim()
    if (neverNamed.has(option)) return malformed
    if (option === 'keep-alive') head.saysKeepAlive = true
    else if (option === 'close') head.saysClose = true
    else if (option === 'upgrade') head.saysUpgrade = true
    else if (option !== '') (head.named ??= []).push(option)
  }
  return whole
}

/** With two answers to the question where the body ends, software behind us may take the other one. */
export function isFramedTwice(head: Head): boolean {
  return head.isChunked && head.contentLength >= 0
}
