import { digitBytes, latin1, skip } from './bytes.ts'
import { malformed, whole } from './head.ts'
import type { Head, Verdict } from './head.ts'

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
