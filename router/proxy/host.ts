import { byteAt, COLON, digitBytes, hostNameBytes, ipv6Bytes, skip } from './bytes.ts'

const openBracket = 91
const closeBracket = 93
const nameLimit = 253

/**
 * Where the name ends in `name`, `name:port`, `[ipv6]` or `[ipv6]:port`; -1 when it is none of them.
 *
 * Stricter than RFC 3986, which also allows percent signs and punctuation: no route of ours can
 * have them, and software behind us reads them in different ways.
 */
export function hostNameEnd(bytes: Uint8Array, start: number, end: number): number {
  const nameEnd = readName(bytes, start, end)
  if (nameEnd <= start || nameEnd - start > nameLimit) return -1
  if (nameEnd === end) return nameEnd
  const isPort = byteAt(bytes, nameEnd) === COLON && end - nameEnd <= 6
  return isPort && skip(digitBytes, bytes, nameEnd + 1, end) === end ? nameEnd : -1
}

function readName(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || byteAt(bytes, start) !== openBracket) {
    return skip(hostNameBytes, bytes, start, end)
  }
  const close = skip(ipv6Bytes, bytes, start + 1, end)
  return close < end && byteAt(bytes, close) === closeBracket ? close + 1 : -1
}
