import {
  byteAt,
  digitBytes,
  HTAB,
  isText,
  latin1,
  lowerBytes,
  numberAt,
  skip,
  SPACE,
} from './bytes.ts'
import { malformed, whole } from './head.ts'
import type { Head, Verdict } from './head.ts'

const chunked = lowerBytes('chunked')
const keepAlive = lowerBytes('keep-alive')
const close = lowerBytes('close')

/** The value noted last, in lower case. */
export function lowerValue(head: Head, bytes: Buffer): string {
  return latin1(bytes, head.valueStart, head.valueEnd).toLowerCase()
}

/** Some do not take a tab for a blank (nginx): around what frames a message it decides too much. */
function isTabbed({ valueStart, valueEnd }: Head, bytes: Buffer): boolean {
  let at = valueStart - 1
  while (byteAt(bytes, at) === SPACE) at -= 1
  let end = valueEnd
  while (byteAt(bytes, end) === SPACE) end += 1
  return byteAt(bytes, at) === HTAB || byteAt(bytes, end) === HTAB
}

/** `Content-Length`: digits only, once only. 413 when nobody could mean such a number. */
export function noteContentLength(head: Head, bytes: Buffer): Verdict {
  const { valueStart, valueEnd } = head
  const isNumber =
    valueEnd > valueStart && skip(digitBytes, bytes, valueStart, valueEnd) === valueEnd
  if (!isNumber || head.contentLength >= 0 || isTabbed(head, bytes)) return malformed
  if (valueEnd - valueStart > 15) return 413
  head.contentLength = numberAt(bytes, valueStart, valueEnd)
  return whole
}

/** `Transfer-Encoding`: `chunked` alone and once; others we do not speak. */
export function noteTransferEncoding(head: Head, bytes: Buffer): Verdict {
  if (head.isChunked || isTabbed(head, bytes)) return malformed
  if (!isText(bytes, head.valueStart, head.valueEnd, chunked)) return 501
  head.isChunked = true
  return whole
}

/** Without these nobody knows where a message ends or whose it is, so they are never for one hop. */
const neverNamed = new Set(['host', 'content-length', 'transfer-encoding'])

/** `Connection`: what it says is noted, the field itself is never passed on. */
export function noteConnection(head: Head, bytes: Buffer): Verdict {
  head.drop()
  const { valueStart, valueEnd } = head
  if (isText(bytes, valueStart, valueEnd, keepAlive)) head.saysKeepAlive = true
  else if (isText(bytes, valueStart, valueEnd, close)) head.saysClose = true
  else return noteOptions(head, lowerValue(head, bytes))
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
