import {
  ASTERISK,
  byteAt,
  CR,
  latin1,
  LF,
  minorAt,
  skip,
  SLASH,
  SPACE,
  targetBytes,
  tokenBytes,
} from './bytes.ts'
import { field } from './field-name.ts'
import { parseFields } from './field-lines.ts'
import {
  isFramedTwice,
  lowerValue,
  noteConnection,
  noteContentLength,
  noteTransferEncoding,
} from './framing-fields.ts'
import { Head, headLimitBytes, incomplete, malformed, whole } from './head.ts'
import type { Verdict } from './head.ts'
import { hostNameEnd } from './host.ts'
import { methodAt } from './method.ts'
import { isOddPath } from './path.ts'

/** A request line longer than this is refused. */
const lineLimitBytes = 16_384

/** A head with what only a request has. */
export class RequestHead extends Head {
  method = ''
  targetStart = 0
  targetEnd = 0
  hostCount = 0
  /** Name and port, from Host or from an absolute target. Empty (HTTP/1.0 may): both are the same. */
  hostStart = 0
  hostEnd = 0
  /** The name alone. */
  hostNameEnd = 0
  /** An absolute target (`GET http://host/path`) without scheme and host; null: it had none. */
  path: string | null = null
  expectsContinue = false
  /** `Upgrade: h2c` would lead past us into requests that we never see. */
  wantsH2c = false
  wantsWebSocket = false

  override reset(): void {
    super.reset()
    this.hostCount = this.hostStart = this.hostEnd = this.hostNameEnd = 0
    this.path = null
    this.expectsContinue = this.wantsH2c = this.wantsWebSocket = false
  }

  /** It asks for another protocol that we let through; whose a body would be then, nobody knows. */
  get wantsUpgrade(): boolean {
    const hasBody = this.isChunked || this.contentLength > 0
    return this.saysUpgrade && this.hasUpgrade && !this.wantsH2c && this.minor === 1 && !hasBody
  }
}

/** Reads a request head that begins at `at` and, when whole, ends at `head.end`. */
export function parseRequestHead(head: RequestHead, bytes: Buffer, at: number): Verdict {
  head.reset()
  const line = readRequestLine(head, bytes, at)
  if (line !== whole) return line
  const fields = parseFields(head, bytes, head.fieldsStart, note)
  const size = (fields === whole ? head.end : bytes.length) - at
  if (size > headLimitBytes && (fields === whole || fields === incomplete)) return 431
  return fields === whole ? judge(head, bytes) : fields
}

function readRequestLine(head: RequestHead, bytes: Buffer, at: number): Verdict {
  const end = bytes.length
  const unfinished = end - at > lineLimitBytes ? 414 : incomplete
  const methodEnd = skip(tokenBytes, bytes, at, end)
  if (methodEnd === end) return unfinished
  if (methodEnd === at || byteAt(bytes, methodEnd) !== SPACE) return malformed
  head.targetStart = methodEnd + 1
  head.targetEnd = skip(targetBytes, bytes, head.targetStart, end)
  if (head.targetEnd === end) return unfinished
  if (head.targetEnd === head.targetStart || byteAt(bytes, head.targetEnd) !== SPACE) {
    return malformed
  }
  head.method = methodAt(bytes, at, methodEnd)
  head.fieldsStart = head.targetEnd + 11
  if (head.fieldsStart > end) return unfinished
  return head.fieldsStart - at > lineLimitBytes ? 414 : readVersion(head, bytes)
}

/** `HTTP/1.1` and the end of the line. */
function readVersion(head: RequestHead, bytes: Buffer): Verdict {
  const end = head.fieldsStart
  if (byteAt(bytes, end - 2) !== CR || byteAt(bytes, end - 1) !== LF) return malformed
  head.minor = minorAt(bytes, head.targetEnd + 1)
  if (head.minor >= 0) return whole
  return /^HTTP\/\d\.\d$/.test(latin1(bytes, head.targetEnd + 1, end - 2)) ? 505 : malformed
}

function note(head: RequestHead, bytes: Buffer, id: number): Verdict {
  switch (id) {
    case field.host:
      head.hostCount += 1
      head.hostStart = head.valueStart
      head.hostEnd = head.valueEnd
      return whole
    case field.contentLength:
      return noteContentLength(head, bytes)
    case field.transferEncoding:
      return noteTransferEncoding(head, bytes)
    case field.connection:
      return noteConnection(head, bytes)
    case field.upgrade:
      head.hasUpgrade = true
      noteUpgrade(head, lowerValue(head, bytes))
      return whole
    case field.expect:
      return noteExpect(head, bytes)
    default:
      head.drop()
      return whole
  }
}

function noteUpgrade(head: RequestHead, value: string): void {
  head.wantsH2c ||= /\bh2c?\b/.test(value)
  head.wantsWebSocket = value === 'websocket'
}

function noteExpect(head: RequestHead, bytes: Buffer): Verdict {
  if (lowerValue(head, bytes) !== '100-continue') return 417
  if (head.minor === 0 || head.expectsContinue) head.drop()
  else head.expectsContinue = true
  return whole
}

/** What can be said only once all of it is read. */
function judge(head: RequestHead, bytes: Buffer): Verdict {
  if (isFramedTwice(head) || (head.isChunked && head.minor === 0)) return malformed
  if (head.hostCount > 1 || (head.hostCount === 0 && head.minor === 1)) return malformed
  if (head.method === 'CONNECT' || head.method === 'TRACE') return 405
  const target = byteAt(bytes, head.targetStart) === SLASH ? whole : judgeTarget(head, bytes)
  if (target !== whole) return target
  if (isOddPath(bytes, head.targetStart, head.targetEnd)) return malformed
  if (head.hostCount > 0 || head.path !== null) {
    head.hostNameEnd = hostNameEnd(bytes, head.hostStart, head.hostEnd)
    if (head.hostNameEnd < 0) return malformed
  }
  if (head.hasUpgrade && !head.wantsUpgrade) (head.named ??= []).push('upgrade')
  head.dropNamed(bytes)
  return whole
}

/** `OPTIONS *`, or an absolute target, whose host counts instead of the Host field (RFC 9112, 3.2.2). */
function judgeTarget(head: RequestHead, bytes: Buffer): Verdict {
  const { targetStart, targetEnd } = head
  const isAsterisk = targetEnd === targetStart + 1 && byteAt(bytes, targetStart) === ASTERISK
  if (isAsterisk) return head.method === 'OPTIONS' ? whole : malformed
  const match = /^(https?:\/\/)([^/?]*)(.*)$/is.exec(latin1(bytes, targetStart, targetEnd))
  if (match === null) return malformed
  const [, scheme = '', authority = '', rest = ''] = match
  head.hostStart = targetStart + scheme.length
  head.hostEnd = head.hostStart + authority.length
  if (rest === '') head.path = head.method === 'OPTIONS' ? '*' : '/'
  else head.path = rest.startsWith('/') ? rest : `/${rest}`
  return whole
}

/** Empty lines before a request are harmless (RFC 9112, 2.2). */
export function skipEmptyLines(bytes: Buffer, from: number): number {
  let at = from
  while (at + 1 < bytes.length && byteAt(bytes, at) === CR && byteAt(bytes, at + 1) === LF) at += 2
  return at
}
