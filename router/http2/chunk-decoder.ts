import { byteAt, latin1, LF } from '#router/proxy/bytes.ts'

const sizeLine = 0
const data = 1
const dataEnd = 2
const trailer = 3
const done = 4

/**
 * Takes the framing off a chunked body that has passed ChunkReader on its way from the instance, so
 * that nothing needs to be checked here again.
 */
export class ChunkDecoder {
  /** Its trailers' lines, each with its line end. */
  trailers = ''
  #state: number = sizeLine
  #left = 0
  /** Of a line that came in pieces. */
  #line = ''

  get isDone(): boolean {
    return this.#state === done
  }

  /** The data in a span, as a copy. */
  take(bytes: Buffer, start: number, end: number): Buffer {
    const out = Buffer.allocUnsafe(end - start)
    let size = 0
    let at = start
    while (at < end && this.#state !== done) {
      if (this.#state === data) {
        const next = Math.min(at + this.#left, end)
        size += bytes.copy(out, size, at, next)
        this.#skip(next - at)
        at = next
      } else {
        at = this.#readLine(bytes, at, end)
      }
    }
    return out.subarray(0, size)
  }

  #skip(size: number): void {
    this.#left -= size
    if (this.#left === 0) this.#state = dataEnd
  }

  #readLine(bytes: Buffer, at: number, end: number): number {
    let next = at
    while (next < end && byteAt(bytes, next) !== LF) next += 1
    const isWhole = next < end
    this.#line += latin1(bytes, at, isWhole ? next + 1 : end)
    if (!isWhole) return end
    const line = this.#line
    this.#line = ''
    this.#onLine(line)
    return next + 1
  }

  #onLine(line: string): void {
    if (this.#state === dataEnd) this.#state = sizeLine
    else if (this.#state === sizeLine) this.#begin(Number.parseInt(line, 16))
    else if (line === '\r\n') this.#state = done
    else this.trailers += line
  }

  #begin(size: number): void {
    this.#left = size
    this.#state = size === 0 ? trailer : data
  }
}
