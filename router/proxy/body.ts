import { ChunkReader } from './chunks.ts'
import type { Head } from './head.ts'

/** How a body ends. */
type Framing = 'none' | 'length' | 'chunked' | 'until-close'

/** Follows one message body after the other on a connection, and knows where each ends. */
export class Body {
  #framing: Framing = 'none'
  #left = 0
  // Most connections never carry a chunked body.
  #chunks: ChunkReader | null = null

  /** A request without framing has no body. */
  beginRequest(head: Head): void {
    if (head.isChunked) this.#beginChunked()
    else this.#beginLength(Math.max(head.contentLength, 0))
  }

  /** An answer without framing goes on until the connection is closed. */
  beginAnswer(head: Head): void {
    if (head.isChunked) this.#beginChunked()
    else if (head.contentLength >= 0) this.#beginLength(head.contentLength)
    else this.#framing = 'until-close'
  }

  beginNone(): void {
    this.#framing = 'none'
  }

  get isDone(): boolean {
    if (this.#framing === 'chunked') return this.#chunks?.isDone ?? true
    return this.#framing === 'none'
  }

  get endsWithConnection(): boolean {
    return this.#framing === 'until-close'
  }

  /** The offset after what belongs to the body; -1 when it is malformed. */
  take(bytes: Buffer, at: number): number {
    if (this.#framing === 'chunked') return this.#chunks?.take(bytes, at) ?? -1
    if (this.#framing === 'until-close') return bytes.length
    const size = Math.min(this.#left, bytes.length - at)
    this.#beginLength(this.#left - size)
    return at + size
  }

  #beginLength(left: number): void {
    this.#left = left
    this.#framing = left === 0 ? 'none' : 'length'
  }

  #beginChunked(): void {
    this.#framing = 'chunked'
    this.#chunks ??= new ChunkReader()
    this.#chunks.reset()
  }
}
