/**
 * ASN.1 in its distinguished encoding (X.690), as far as certificates need it: values are written
 * as a tag, the length of what follows, and that.
 */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

export function sequence(...parts: readonly Buffer[]): Buffer {
  return value(tags.sequence, ...parts)
}

export function set(...parts: readonly Buffer[]): Buffer {
  return value(tags.set, ...parts)
}

/** A whole number that is not negative, from its bytes. */
export function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const short = first === -1 ? Buffer.of(0) : bytes.subarray(first)
  const isNegative = ((short[0] ?? 0) & 0x80) !== 0
  return isNegative ? value(tags.integer, Buffer.of(0), short) : value(tags.integer, short)
}

export function boolean(isTrue: boolean): Buffer {
  return value(tags.boolean, Buffer.of(isTrue ? 0xff : 0))
}

/** Bits that fill whole bytes. */
export function bits(bytes: Buffer): Buffer {
  return value(tags.bits, Buffer.of(0), bytes)
}

export function octets(bytes: Buffer): Buffer {
  return value(tags.octets, bytes)
}

export function utf8(text: string): Buffer {
  return value(tags.utf8, Buffer.from(text))
}

/** To the second, in UTC; with two digits of the year until 2049, as RFC 5280 wants it. */
export function time(at: Date): Buffer {
  const text = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  if (at.getUTCFullYear() >= 2050) return value(tags.generalizedTime, Buffer.from(text))
  return value(tags.utcTime, Buffer.from(text.slice(2)))
}

/** `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return value(tags.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** What a context gives a number to: `[3] EXPLICIT …`. */
export function tagged(number: number, ...parts: readonly Buffer[]): Buffer {
  return value(0xa0 | number, ...parts)
}

/** As `tagged`, in the place of the value's own tag: `[2] IMPLICIT …`. */
export function untagged(number: number, bytes: Buffer): Buffer {
  return value(0x80 | number, bytes)
}

/** A value that was read: what is in it lies in `content`. */
export interface DerValue {
  readonly tag: number
  readonly content: Buffer
}

/** The values that stand one after another in `bytes`. Throws RangeError where they do not. */
export function readValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length;) {
    const { start, end } = spanAt(bytes, at)
    values.push({ tag: bytes.readUInt8(at), content: bytes.subarray(start, end) })
    at = end
  }
  return values
}

function spanAt(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = bytes.readUInt8(at + 1)
  const isShort = first < 0x80
  const count = isShort ? 0 : first & 0x7f
  const start = at + 2 + count
  const end = start + (isShort ? first : bytes.readUIntBE(at + 2, count))
  if (end <= bytes.length) return { start, end }
  throw new RangeError('A value is longer than what holds it.')
}

function value(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...length(content.length)]), content])
}

function length(size: number): number[] {
  if (size < 0x80) return [size]
  const bytes: number[] = []
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 | bytes.length, ...bytes]
}

function base128(number: number): number[] {
  const bytes = [number & 0x7f]
  for (let rest = number >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}
