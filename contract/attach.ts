/**
 * Frames of an attached one-off: one byte kind, four bytes length (big-endian), then the payload.
 *
 * To the server: `input`, `end` (end of input, empty), `resize` (two 16-bit numbers: columns, rows),
 * `signal` (its name: `SIGINT`). From it: `stdout`, `stderr`, and last `exit` (one 32-bit exit code; 128 + n
 * when signal n ended it).
 */
const frame = {
  input: 0,
  end: 1,
  resize: 2,
  signal: 3,
  stdout: 4,
  stderr: 5,
  exit: 6,
} as const

export type FrameKind = keyof typeof frame

/** A frame longer than this is refused. */
const frameLimitBytes = 1024 * 1024
const headBytes = 5

export function encodeFrame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headBytes + payload.length)
  const head = new DataView(bytes.buffer)
  head.setUint8(0, frame[kind])
  head.setUint32(1, payload.length)
  bytes.set(payload, headBytes)
  return bytes
}

/** Takes bytes as they come and gives whole frames. Throws on an unknown kind or a huge length. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0)

  push(chunk: Uint8Array): { kind: FrameKind; payload: Uint8Array }[] {
    const bytes = new Uint8Array(this.#rest.length + chunk.length)
    bytes.set(this.#rest)
    bytes.set(chunk, this.#rest.length)
    const frames: { kind: FrameKind; payload: Uint8Array }[] = []
    const view = new DataView(bytes.buffer)
    let at = 0
    while (bytes.length - at >= headBytes) {
      const length = view.getUint32(at + 1)
      if (length > frameLimitBytes) throw new RangeError('frame too long')
      if (bytes.length - at - headBytes < length) break
      const start = at + headBytes
      frames.push({
        kind: kindOf(view.getUint8(at)),
        payload: bytes.subarray(start, start + length),
      })
      at = start + length
    }
    this.#rest = bytes.subarray(at)
    return frames
  }
}

function kindOf(byte: number): FrameKind {
  const found = Object.entries(frame).find(([, value]) => value === byte)
  if (found === undefined) throw new RangeError('unknown frame kind')
  return found[0] as FrameKind
}
