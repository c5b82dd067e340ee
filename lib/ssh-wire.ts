/** Reads an SSH message (RFC 4251, section 5) from its beginning; what is not there throws RangeError. */
export class SshReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** How many bytes were read. */
  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  string(): Buffer {
    return this.#take(this.uint32())
  }

  text(): string {
    return this.string().toString('utf8')
  }

  byte(): number {
    return this.#take(1).readUInt8()
  }

  uint32(): number {
    return this.#take(4).readUInt32BE()
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE()
  }

  /** A number of any size, not negative, as `bytes` bytes or, without that, as many as it has. */
  number(bytes?: number): Buffer {
    const digits = this.string()
    const first = digits.findIndex((byte) => byte !== 0)
    const short = first < 0 ? Buffer.alloc(0) : digits.subarray(first)
    if (((digits[0] ?? 0) & 0x80) !== 0) throw new RangeError('a negative number')
    if (bytes === undefined) return short
    if (short.length > bytes) throw new RangeError('a number is too large')
    return Buffer.concat([Buffer.alloc(bytes - short.length), short])
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('an SSH message ends too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

/** Bytes as an SSH string: their length, and they. */
export function sshString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
