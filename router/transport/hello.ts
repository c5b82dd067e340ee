/** What RFC 8737 names the protocol of a challenge. */
export const challengeProtocol = 'acme-tls/1'

const handshakeRecord = 22
const clientHello = 1
const alpnExtension = 16
const recordHeaderBytes = 5
const limitBytes = 20_000

/**
 * The protocols that a client's first TLS message offers; undefined: it has not come whole. What is
 * no such message offers none: OpenSSL will say so.
 */
export function protocolsOffered(bytes: Buffer): readonly string[] | undefined {
  try {
    const hello = readHello(bytes)
    return hello === undefined ? undefined : protocolsOf(hello)
  } catch (error) {
    if (error instanceof RangeError) return []
    throw error
  }
}

/** The message, joined from its records. Throws RangeError when it is something else. */
function readHello(bytes: Buffer): Reader | undefined {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const message = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
    if (message.length >= 4) {
      const size = 4 + message.readUIntBE(1, 3)
      if (message.readUInt8(0) !== clientHello || size > limitBytes) throw new RangeError()
      if (message.length >= size) return new Reader(message.subarray(4, size))
    }
    if (bytes.length < at + recordHeaderBytes) return undefined
    if (bytes.readUInt8(at) !== handshakeRecord) throw new RangeError()
    const end = at + recordHeaderBytes + bytes.readUInt16BE(at + 3)
    if (bytes.length < end) return end > limitBytes ? refuse() : undefined
    parts.push(bytes.subarray(at + recordHeaderBytes, end))
    if (end === at + recordHeaderBytes) throw new RangeError()
    at = end
  }
}

function refuse(): never {
  throw new RangeError()
}

/** RFC 8446, 4.1.2 and RFC 7301, 3.1. */
function protocolsOf(hello: Reader): string[] {
  hello.skip(2 + 32)
  hello.block(1)
  hello.block(2)
  hello.block(1)
  for (const extensions = hello.block(2); extensions.left > 0;) {
    const type = extensions.number(2)
    const data = extensions.block(2)
    if (type === alpnExtension) return names(data.block(2))
  }
  return []
}

function names(list: Reader): string[] {
  const found: string[] = []
  while (list.left > 0) found.push(list.block(1).text())
  return found
}

/** Reads numbers and blocks that begin with their size. Throws RangeError at the end. */
class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  skip(size: number): void {
    if (size > this.left) refuse()
    this.#at += size
  }

  number(size: 1 | 2): number {
    const start = this.#at
    this.skip(size)
    return this.#bytes.readUIntBE(start, size)
  }

  block(sizeBytes: 1 | 2): Reader {
    const size = this.number(sizeBytes)
    const start = this.#at
    this.skip(size)
    return new Reader(this.#bytes.subarray(start, this.#at))
  }

  text(): string {
    return this.#bytes.toString('latin1')
  }
}
