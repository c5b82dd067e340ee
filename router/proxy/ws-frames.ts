import { byteAt } from './bytes.ts'

/**
 * Follows one direction of a WebSocket so far as to know where one frame ends and the next may begin:
 * a frame of ours in the middle of another would be taken for its payload.
 */
export class FrameReader {
  /** Payload that is still to come. */
  #left = 0
  /** Bytes of a header that has not come whole. */
  #header: number[] = []

  get isBetweenFrames(): boolean {
    return this.#left === 0 && this.#header.length === 0
  }

  take(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      const size = Math.min(this.#left, end - at)
      this.#left -= size
      at += size
      if (at < end) this.#readHeader(byteAt(bytes, at++))
    }
  }

  #readHeader(byte: number): void {
    const header = this.#header
    header.push(byte)
    if (header.length < 2 || header.length < headerSize(header[1] as number)) return
    this.#left = payloadSize(header)
    header.length = 0
  }
}

/** Of RFC 6455, 5.2: two bytes, an extended length of 2 or 8, a mask of 4 from clients. */
function headerSize(second: number): number {
  const length = second & 127
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0
  return 2 + extended + (second > 127 ? 4 : 0)
}

function payloadSize(header: readonly number[]): number {
  const length = (header[1] as number) & 127
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0
  if (extended === 0) return length
  return header.slice(2, 2 + extended).reduce((size, byte) => size * 256 + byte, 0)
}
