import { field, fieldId } from '#router/proxy/field-name.ts'

const lastChunk = '0\r\n'

/** A stream's DATA as the body of an HTTP/1.1 request. */
export class RequestBody {
  readonly #isChunked: boolean
  #left: number

  /** -1: in chunks. */
  constructor(contentLength: number) {
    this.#isChunked = contentLength < 0
    this.#left = contentLength
  }

  /** The bytes to send on; null when it is more than was announced. */
  take(bytes: Buffer): Buffer | null {
    if (this.#isChunked) return chunk(bytes)
    this.#left -= bytes.length
    return this.#left < 0 ? null : bytes
  }

  /** The bytes that end it, with `trailers` as names and values in turn; null: it is too short. */
  end(trailers: readonly string[]): Buffer | null {
    if (!this.#isChunked) return this.#left === 0 ? Buffer.alloc(0) : null
    return Buffer.from(`${lastChunk}${trailerLines(trailers)}\r\n`, 'latin1')
  }
}

function chunk(bytes: Buffer): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`
  const all = Buffer.allocUnsafe(size.length + bytes.length + 2)
  all.write(size, 0, 'latin1')
  bytes.copy(all, size.length)
  all.write('\r\n', all.length - 2, 'latin1')
  return all
}

/** Only fields that mean nothing to a proxy: what routes or frames a message has no place in its end. */
function trailerLines(trailers: readonly string[]): string {
  let lines = ''
  for (let at = 0; at < trailers.length; at += 2) {
    const name = trailers[at] as string
    const value = trailers[at + 1] as string
    if (isTrailer(name, value)) lines += `${name}: ${value}\r\n`
  }
  return lines
}

function isTrailer(name: string, value: string): boolean {
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    return false
  }
  return fieldId(Buffer.from(name, 'latin1'), 0, name.length) === field.other
}
