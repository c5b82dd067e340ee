/** Byte classes of RFC 9110 and 9112 as tables, and the one loop that reads along them. */

export const HTAB = 9
export const LF = 10
export const CR = 13
export const SPACE = 32
export const ASTERISK = 42
export const SLASH = 47
export const COLON = 58
export const SEMICOLON = 59
export const EQUALS = 61

/** One entry for each byte: 1 when it belongs to the class. */
export type ByteClass = Uint8Array

/** May stand in a method or a field name. */
export const tokenBytes = classOf((byte) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)),
)
/** May stand in a field value: no control bytes but tab; bytes above 127 are allowed as they are. */
export const fieldBytes = classOf((byte) => byte === HTAB || (byte >= SPACE && byte !== 127))
/** May stand in a request target: no spaces, no control bytes, no fragment. */
export const targetBytes = classOf((byte) => byte > SPACE && byte !== 127 && byte !== 35)
/** Space and tab. */
export const blankBytes = classOf((byte) => byte === SPACE || byte === HTAB)
export const digitBytes = classOf((byte) => byte >= 48 && byte <= 57)
/** A host name as we take it: letters, digits, `-`, `.` and `_`. */
export const hostNameBytes = classOf((byte) => /[0-9A-Za-z\-._]/.test(String.fromCharCode(byte)))
/** Between the brackets of an IPv6 address. */
export const ipv6Bytes = classOf((byte) => /[0-9A-Fa-f:.]/.test(String.fromCharCode(byte)))

function classOf(holds: (byte: number) => boolean): ByteClass {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}

/** The byte at an offset that is known to be inside. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}

/** The first offset from `at` whose byte is not of the class; `end` when all are. */
export function skip(kind: ByteClass, bytes: Uint8Array, at: number, end: number): number {
  let offset = at
  while (offset < end && kind[bytes[offset] as number] === 1) offset += 1
  return offset
}

/** What every Buffer has, and `toString('latin1')` calls after looking at its arguments. */
interface Latin1Bytes {
  latin1Slice(start: number, end: number): string
}

/** Text of a span, one character for each byte. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as Latin1Bytes).latin1Slice(start, end)
}

/** The text as bytes, for `isText`. */
export function lowerBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Whether a span says this, in letters of any case. `lower` is in lower case. */
export function isText(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false
  for (let i = 0; i < lower.length; i += 1) {
    const byte = byteAt(bytes, start + i)
    const folded = byte >= 65 && byte <= 90 ? byte + 32 : byte
    if (folded !== lower[i]) return false
  }
  return true
}

/** Whether a span says exactly this. */
export function isSame(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i += 1) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false
  }
  return true
}

/** The number that a span of digits says. */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at += 1) value = value * 10 + byteAt(bytes, at) - 48
  return value
}

/** x of `HTTP/1.x` at this offset; -1: it is another version, or none. */
export function minorAt(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < httpOne.length; i += 1) {
    if (byteAt(bytes, at + i) !== httpOne[i]) return -1
  }
  const minor = byteAt(bytes, at + httpOne.length) - 48
  return minor === 0 || minor === 1 ? minor : -1
}

const httpOne = lowerBytes('HTTP/1.')

/** Its value; -1 when it is none. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
