import net from 'node:net'

/** Who a connection comes from, as a proxy in front of us tells it. */
interface Source {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localPort: number
}

/** What a connection began with. `size`: its bytes; `source`: null when it says nothing of use. */
export interface Preamble {
  readonly size: number
  readonly source: Source | null
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const word = Buffer.from('PROXY ', 'latin1')
const lineBytes = 107
const headerBytes = 16
/** Far more than proxies send along with the addresses. */
const payloadBytes = 4096

/**
 * Reads the beginning of a connection by the PROXY protocol, version 1 or 2. `more`: it can still
 * become one; `bad`: it cannot.
 */
export function parsePreamble(bytes: Buffer): Preamble | 'more' | 'bad' {
  if (startsLike(bytes, signature)) return bytes.length < headerBytes ? 'more' : binary(bytes)
  if (startsLike(bytes, word)) return line(bytes)
  return 'bad'
}

/** As far as both go. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const size = Math.min(bytes.length, start.length)
  return bytes.compare(start, 0, size, 0, size) === 0
}

function line(bytes: Buffer): Preamble | 'more' | 'bad' {
  const end = bytes.subarray(0, lineBytes).indexOf('\r\n')
  if (end < 0) return bytes.length < lineBytes ? 'more' : 'bad'
  const size = end + 2
  const text = bytes.toString('latin1', word.length, end)
  if (/^UNKNOWN(?: |$)/.test(text)) return { size, source: null }
  const source = sourceOfLine(text)
  return source === null ? 'bad' : { size, source }
}

function sourceOfLine(text: string): Source | null {
  const match = /^TCP([46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/.exec(text)
  if (match === null) return null
  const [, family, from = '', to = '', fromPort, toPort] = match
  if (![from, to].every((address) => net.isIP(address) === Number(family))) return null
  const [remotePort, localPort] = [Number(fromPort), Number(toPort)]
  if (Math.max(remotePort, localPort) > 65_535) return null
  return { remoteAddress: from, remotePort, localPort }
}

/** Family and transport of version 2. */
const tcp4 = 0x11
const tcp6 = 0x21
/** Sent on behalf of nobody, or by a socket of the sender's own host. */
const anonymous = new Set([0x00, 0x31])

function binary(bytes: Buffer): Preamble | 'more' | 'bad' {
  const command = bytes.readUInt8(12)
  const family = bytes.readUInt8(13)
  const length = bytes.readUInt16BE(14)
  const size = headerBytes + length
  if ((command !== 0x20 && command !== 0x21) || length > payloadBytes) return 'bad'
  if (bytes.length < size) return 'more'
  if (command === 0x20 || anonymous.has(family)) return { size, source: null }
  const payload = bytes.subarray(headerBytes, size)
  if (family === tcp4 && length >= 12) return { size, source: sourceOfPayload(payload, 4) }
  if (family === tcp6 && length >= 36) return { size, source: sourceOfPayload(payload, 16) }
  return 'bad'
}

function sourceOfPayload(payload: Buffer, addressBytes: 4 | 16): Source {
  const ports = 2 * addressBytes
  return {
    remoteAddress: addressText(payload.subarray(0, addressBytes)),
    remotePort: payload.readUInt16BE(ports),
    localPort: payload.readUInt16BE(ports + 2),
  }
}

function addressText(address: Buffer): string {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(2 * at).toString(16))
  return new net.SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
