import { FrameReader } from './ws-frames.ts'

/** Close, "going away" (RFC 6455, 7.4.1), as a server sends it. */
export const goingAway = Buffer.from([0x88, 2, 0x03, 0xe9])

/** A WebSocket's hearing that we go away, once its instance is between two frames. */
export class Goodbye {
  readonly #frames = new FrameReader()
  /** We go away. */
  isWanted = false

  /** It is wanted, and can be said now. */
  get isDue(): boolean {
    return this.isWanted && this.#frames.isBetweenFrames
  }

  /** What the instance has said. */
  follow(bytes: Buffer): void {
    this.#frames.take(bytes, 0, bytes.length)
  }
}
