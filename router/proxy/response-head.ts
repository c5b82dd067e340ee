import {
  byteAt,
  CR,
  digitBytes,
  fieldBytes,
  latin1,
  LF,
  minorAt,
  numberAt,
  skip,
  SPACE,
} from './bytes.ts'
import { field } from './field-name.ts'
import { parseFields } from './field-lines.ts'
import {
  isFramedTwice,
  noteConnection,
  noteContentLength,
  noteTransferEncoding,
} from './framing-fields.ts'
import { Head, headLimitBytes, incomplete, malformed, whole } from './head.ts'
import type { Verdict } from './head.ts'

/** A head with what only an answer has. */
export class ResponseHead extends Head {
  status = 0
  /** Seconds of `Keep-Alive: timeout=5`; -1: not given. */
  keepAliveS = -1

  override reset(): void {
    super.reset()
    this.keepAliveS = -1
  }

  /** The connection may carry another request afterwards. */
  get keepsAlive(): boolean {
    return !this.saysClose && (this.minor === 1 || this.saysKeepAlive)
  }

  /** Interim and empty answers have no body, whatever their fields say (RFC 9112, 6.3). */
  get isBodiless(): boolean {
    return this.status < 200 || this.status === 204
  }
}

/** Reads an answer's head that begins at `at` and, when whole, ends at `head.end`. */
export function parseResponseHead(head: ResponseHead, bytes: Buffer, at: number): Verdict {
  head.reset()
  const line = readStatusLine(head, bytes, at)
  if (line !== whole) return line
  const fields = parseFields(head, bytes, head.fieldsStart, note)
  const size = (fields === whole ? head.end : bytes.length) - at
  if (size > headLimitBytes && (fields === whole || fields === incomplete)) return malformed
  return fields === whole ? judge(head, bytes) : fields
}

function readStatusLine(head: ResponseHead, bytes: Buffer, at: number): Verdict {
  if (bytes.length - at < 14) {
    const begun = latin1(bytes, at, Math.min(at + 7, bytes.length))
    return 'HTTP/1.'.startsWith(begun) ? incomplete : malformed
  }
  head.minor = minorAt(bytes, at)
  if (head.minor < 0 || byteAt(bytes, at + 8) !== SPACE) return malformed
  if (skip(digitBytes, bytes, at + 9, at + 12) !== at + 12) return malformed
  head.status = numberAt(bytes, at + 9, at + 12)
  if (head.status < 100 || head.status > 599) return malformed
  return readReason(head, bytes, at + 12)
}

/** A reason, or nothing at all, and the end of the line. */
function readReason(head: ResponseHead, bytes: Buffer, at: number): Verdict {
  const first = byteAt(bytes, at)
  if (first !== SPACE && first !== CR) return malformed
  const lineEnd = skip(fieldBytes, bytes, at, bytes.length)
  if (lineEnd + 1 >= bytes.length) {
    return bytes.length - at > headLimitBytes ? malformed : incomplete
  }
  if (byteAt(bytes, lineEnd) !== CR || byteAt(bytes, lineEnd + 1) !== LF) return malformed
  head.fieldsStart = lineEnd + 2
  return whole
}

function note(head: ResponseHead, bytes: Buffer, id: number): Verdict {
  switch (id) {
    case field.contentLength:
      if (head.isBodiless) head.drop()
      return noteContentLength(head, bytes)
    case field.transferEncoding:
      if (head.isBodiless) head.drop()
      return noteTransferEncoding(head, bytes)
    case field.connection:
      return noteConnection(head, bytes)
    case field.upgrade:
      head.hasUpgrade = true
      if (head.status !== 101) head.drop()
      return whole
    case field.keepAlive:
      head.drop()
      head.keepAliveS = readTimeout(latin1(bytes, head.valueStart, head.valueEnd))
      return whole
    case field.hop:
      head.drop()
      return whole
    default:
      return whole
  }
}

function readTimeout(value: string): number {
  const match = /\btimeout=(\d{1,6})\b/i.exec(value)
  return match === null ? -1 : Number(match[1])
}

function judge(head: ResponseHead, bytes: Buffer): Verdict {
  if (isFramedTwice(head) || (head.isChunked && head.minor === 0)) return malformed
  head.dropNamed(bytes)
  return whole
}
