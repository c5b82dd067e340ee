import { byteAt } from './bytes.ts'

/** The header fields that mean something to a proxy. Every other passes through unread. */
export const field = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  keepAlive: 7,
  /** Meant for the next hop only. */
  hop: 8,
  /** Who asks, as told by us: a client's own is not believed. */
  forwarding: 9,
  /** Written with `_` so that CGI-like servers mistake it for one of the above. */
  lookalike: 10,
} as const

const names: Readonly<Record<string, number>> = {
  host: field.host,
  'content-length': field.contentLength,
  'transfer-encoding': field.transferEncoding,
  connection: field.connection,
  upgrade: field.upgrade,
  expect: field.expect,
  'keep-alive': field.keepAlive,
  'proxy-connection': field.hop,
  'proxy-authorization': field.hop,
  'http2-settings': field.hop,
  te: field.hop,
  forwarded: field.forwarding,
  via: field.forwarding,
  // httpoxy: CGI-like servers make HTTP_PROXY of it.
  proxy: field.forwarding,
  'x-real-ip': field.forwarding,
  'x-request-id': field.forwarding,
  'x-request-start': field.forwarding,
}
const forwardedPrefix = Buffer.from('x-forwarded-')

interface Name {
  readonly bytes: Uint8Array
  readonly id: number
  /** Another of the same shape. */
  readonly next: Name | null
}

const longest = Math.max(...Object.keys(names).map((name) => name.length))
/** By length and first letter: nearly every name is told from ours by these. */
const byShape = Array.from({ length: shapeOf(longest + 1, 0) }, (): Name | null => null)
for (const [name, id] of Object.entries(names)) {
  const shape = shapeOf(name.length, name.charCodeAt(0))
  byShape[shape] = { bytes: Buffer.from(name), id, next: byShape[shape] ?? null }
}

function shapeOf(length: number, first: number): number {
  return length * 32 + (first & 31)
}

const UNDERSCORE = 95

/** Upper case to lower case. */
const lower = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 65 && byte <= 90 ? byte + 32 : byte,
)
/** And `_` to `-`. */
const folded = lower.map((byte) => (byte === UNDERSCORE ? 45 : byte))

/** Which field the name in `bytes` from `start` to `end` is. */
export function fieldId(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  const first = byteAt(bytes, start)
  if (length > 12 && (first | 32) === forwardedPrefix[0]) {
    if (startsWith(bytes, start, forwardedPrefix, folded)) return forwardedId(bytes, start, end)
  }
  if (length > longest) return field.other
  for (let name = byShape[shapeOf(length, first)] ?? null; name !== null; name = name.next) {
    if (startsWith(bytes, start, name.bytes, lower)) return name.id
    if (startsWith(bytes, start, name.bytes, folded)) return field.lookalike
  }
  return field.other
}

function forwardedId(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    if (byteAt(bytes, at) === UNDERSCORE) return field.lookalike
  }
  return field.forwarding
}

/** As `map` makes the bytes alike. */
function startsWith(bytes: Uint8Array, start: number, name: Uint8Array, map: Uint8Array): boolean {
  for (let i = 0; i < name.length; i += 1) {
    if (map[byteAt(bytes, start + i)] !== name[i]) return false
  }
  return true
}
