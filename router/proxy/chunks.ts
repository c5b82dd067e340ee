import { byteAt, COLON, CR, fieldBytes, LF, SEMICOLON, tokenBytes } from './bytes.ts'

const extensionLimitBytes = 1024
const trailerLimitBytes = 8192
const sizeDigits = 12

const at = {
  size: 0,
  extension: 1,
  sizeEnd: 2,
  data: 3,
  dataEnd: 4,
  dataEndLf: 5,
  trailer: 6,
  trailerName: 7,
  trailerValue: 8,
  trailerLf: 9,
  lastLf: 10,
  done: 11,
} as const

/**
 * Follows the framing of a chunked body (RFC 9112, 7.1) without changing it: chunk extensions and
 * trailers pass as they are. Strict: sizes are hex digits alone, every line ends with CR LF.
 */
export class ChunkReader {
  #state: number = at.size
  #left = 0
  #digits = 0
  /** Bytes of extension in this line, or of all trailers. */
  #extra = 0

  get isDone(): boolean {
    return this.#state === at.done
  }

  reset(): void {
    this.#state = at.size
    this.#left = this.#digits = this.#extra = 0
  }

  /** The offset after what belongs to the body; -1 when it is malformed. */
  take(bytes: Buffer, start: number): number {
    let offset = start
    while (offset < bytes.length && this.#state !== at.done) {
      if (this.#state === at.data) offset = this.#skipData(offset, bytes.length)
      else if (!this.#read(byteAt(bytes, offset++))) return -1
    }
    return offset
  }

  #skipData(offset: number, end: number): number {
    const size = Math.min(this.#left, end - offset)
    this.#left -= size
    if (this.#left === 0) this.#state = at.dataEnd
    return offset + size
  }

  #read(byte: number): boolean {
    switch (this.#state) {
      case at.size:
        return this.#readSize(byte)
      case at.extension:
        if (byte === CR) this.#state = at.sizeEnd
        else return fieldBytes[byte] === 1 && ++this.#extra <= extensionLimitBytes
        return true
      case at.sizeEnd:
        return byte === LF && this.#beginChunk()
      case at.dataEnd:
        return byte === CR && this.#go(at.dataEndLf)
      case at.dataEndLf:
        return byte === LF && this.#go(at.size)
      case at.lastLf:
        return byte === LF && this.#go(at.done)
      default:
        return this.#readTrailer(byte)
    }
  }

  #readSize(byte: number): boolean {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit
      return ++this.#digits <= sizeDigits
    }
    if (this.#digits === 0) return false
    if (byte === CR) return this.#go(at.sizeEnd)
    return byte === SEMICOLON && this.#go(at.extension)
  }

  #beginChunk(): boolean {
    this.#digits = this.#extra = 0
    return this.#go(this.#left === 0 ? at.trailer : at.data)
  }

  #readTrailer(byte: number): boolean {
    if (++this.#extra > trailerLimitBytes) return false
    switch (this.#state) {
      case at.trailer:
        if (byte === CR) return this.#go(at.lastLf)
        return tokenBytes[byte] === 1 && this.#go(at.trailerName)
      case at.trailerName:
        return byte === COLON ? this.#go(at.trailerValue) : tokenBytes[byte] === 1
      case at.trailerValue:
        return byte === CR ? this.#go(at.trailerLf) : fieldBytes[byte] === 1
      default:
        return byte === LF && this.#go(at.trailer)
    }
  }

  #go(state: number): boolean {
    this.#state = state
    return true
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
