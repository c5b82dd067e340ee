import {
  byteAt,
  COLON,
  CR,
  EQUALS,
  fieldBytes,
  hexDigit,
  LF,
  SEMICOLON,
  tokenBytes,
} from './bytes.ts'
import { field, fieldId } from './field-name.ts'

const extensionLimitBytes = 1024
const trailerLimitBytes = 8192
const sizeDigits = 12

const at = {
  size: 0,
  /** Before the name, or the value, of an extension: something must stand there. */
  extensionStart: 1,
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
  extension: 12,
} as const

/**
 * Follows the framing of a chunked body (RFC 9112, 7.1) without changing it: chunk extensions and
 * trailers pass as they are. Strict: sizes are hex digits alone, every line ends with CR LF,
 * extensions have no blanks and quotes, and no trailer is a field that says where a message ends or who asks.
 */
export class ChunkReader {
  #state: number = at.size
  #left = 0
  #digits = 0
  /** Bytes of extension in this line, or of all trailers. */
  #extra = 0
  #trailerName = ''

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
      case at.extensionStart:
      case at.extension:
        return this.#readExtension(byte)
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
    return byte === SEMICOLON && this.#go(at.extensionStart)
  }

  /** `;name`, `;name=value`: what all readers take for the same; in quotes they do not. */
  #readExtension(byte: number): boolean {
    if (++this.#extra > extensionLimitBytes) return false
    if (tokenBytes[byte] === 1) return this.#go(at.extension)
    if (this.#state === at.extensionStart) return false
    if (byte === CR) return this.#go(at.sizeEnd)
    return (byte === SEMICOLON || byte === EQUALS) && this.#go(at.extensionStart)
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
        this.#trailerName = ''
        this.#go(at.trailerName)
        return this.#readTrailerName(byte)
      case at.trailerName:
        if (byte !== COLON) return this.#readTrailerName(byte)
        return isHarmless(this.#trailerName) && this.#go(at.trailerValue)
      case at.trailerValue:
        return byte === CR ? this.#go(at.trailerLf) : fieldBytes[byte] === 1
      default:
        return byte === LF && this.#go(at.trailer)
    }
  }

  #readTrailerName(byte: number): boolean {
    this.#trailerName += String.fromCharCode(byte)
    return tokenBytes[byte] === 1
  }

  #go(state: number): boolean {
    this.#state = state
    return true
  }
}

/** Some take a trailer for one more field of the head (RFC 9110, 6.5.1). */
function isHarmless(name: string): boolean {
  const bytes = Buffer.from(name, 'latin1')
  return bytes.length > 0 && fieldId(bytes, 0, bytes.length) === field.other
}
