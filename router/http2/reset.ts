import type { ServerHttp2Stream } from 'node:http2'

/** Error codes of RFC 9113 (7), as far as we say them. */
export const code = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  refusedStream: 7,
  cancel: 8,
  connectError: 10,
  enhanceYourCalm: 11,
} as const

/** A stream that takes nothing more, and throws when it is told to. */
export function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed
}

/**
 * Breaks a stream off. Closing it ends its writable side first, and `node:http2` sends that at once:
 * a client would take what it has for the whole answer. So the end is not passed on.
 */
export function reset(stream: ServerHttp2Stream, reason: number): void {
  if (isGone(stream)) return
  stream._final = (done) => done()
  stream.close(reason)
}
