import type { Readable, Writable } from 'node:stream'
import { once } from 'node:events'

/** A piece of output with the stream it was written to. */
export interface Piece {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

const headBytes = 8
const stderrKind = 2

/**
 * The two output streams of a container without a terminal, which the engine sends as one: a kind
 * byte, three empty ones, the length (big-endian), then the bytes. A source that breaks off inside
 * a piece ends there.
 */
export async function* demultiplex(source: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= headBytes) {
      const end = headBytes + rest.readUInt32BE(4)
      if (rest.length < end) break
      const stream = rest[0] === stderrKind ? 'stderr' : 'stdout'
      yield { stream, bytes: rest.subarray(headBytes, end) }
      rest = rest.subarray(end)
    }
  }
}

/** Hands the pieces to their streams, no faster than those are read, and ends both. */
export async function deal(
  source: Readable,
  targets: { readonly stdout: Writable; readonly stderr: Writable },
): Promise<void> {
  try {
    for await (const { stream, bytes } of demultiplex(source)) {
      const target = targets[stream]
      if (target.destroyed || target.write(bytes)) continue
      await Promise.race([once(target, 'drain'), once(target, 'close')])
    }
  } finally {
    targets.stdout.end()
    targets.stderr.end()
  }
}
