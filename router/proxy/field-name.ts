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
}

const byLength: (readonly Name[] | undefined)[] = []
for (const [name, id] of Object.entries(names)) {
  byLength[name.length] = [...(byLength[name.length] ?? []), { bytes: Buffer.from(name), id }]
}

const UNDERSCORE = 95

/** Upper case to lower case, and `_` to `-`. */
const folded = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === UNDERSCORE) return 45
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
})

/** Which field the name in `bytes` from `start` to `end` is. */
export function fieldId(bytes: Uint8Array, start: number, end: number): number {
  const id = lookUp(bytes, start, end)
  return id !== field.other && hasUnderscore(bytes, start, end) ? field.lookalike : id
}

function lookUp(bytes: Uint8Array, start: number, end: number): number {
  const candidates = byLength[end - start]
  if (candidates !== undefined) {
    for (let i = 0; i < candidates.length; i += 1) {
      const name = candidates[i] as Name
      if (startsWith(bytes, start, name.bytes)) return name.id
    }
  }
  const isForwarded = end - start > 12 && startsWith(bytes, start, forwardedPrefix)
  return isForwarded ? field.forwarding : field.other
}

function hasUnderscore(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (byteAt(bytes, at) === UNDERSCORE) return true
  return false
}

function startsWith(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i += 1) {
    if (folded[byteAt(bytes, start + i)] !== name[i]) return false
  }
  return true
}
