import type { Body } from './body.ts'
import { latin1 } from './bytes.ts'
import type { RequestHead } from './request-head.ts'

/** What must be known of a request until its answer has ended. */
export interface Request {
  readonly method: string
  /** Name from Host or the target, as the client wrote it, without port. */
  readonly host: string
  /** Path and query. */
  readonly target: string
  /** Head, and what of the body came along with it: as it is written to an instance. */
  text: string
  readonly isHead: boolean
  /** Doing it twice is as doing it once (RFC 9110, 9.2.2). */
  readonly isIdempotent: boolean
  readonly wantsUpgrade: boolean
  readonly isWebSocket: boolean
  readonly expectsContinue: boolean
  /** x of HTTP/1.x the client speaks. */
  readonly minor: number
  readonly hasBody: boolean
  /** -1: not said. */
  readonly bodyBytes: number
  /** `text` holds part of the body. */
  bodyBegan: boolean
}

/** A body up to this size is sent together with its head. */
const joinLimitBytes = 16_384

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/** Takes what is needed out of a head that was just parsed. `host`: see Peer. */
export function readRequest(head: RequestHead, bytes: Buffer, host: string): Request {
  return {
    method: head.method,
    host,
    target: head.path ?? latin1(bytes, head.targetStart, head.targetEnd),
    text: '',
    isHead: head.method === 'HEAD',
    isIdempotent: head.method === 'GET' || idempotent.has(head.method),
    wantsUpgrade: head.wantsUpgrade,
    isWebSocket: head.wantsUpgrade && head.wantsWebSocket,
    expectsContinue: head.expectsContinue,
    minor: head.minor,
    hasBody: head.isChunked || head.contentLength > 0,
    bodyBytes: head.contentLength,
    bodyBegan: false,
  }
}

/**
 * What came of a body along with its head goes out with it, in one write, unless it is large.
 * Returns the offset after what was taken; -1: the body is malformed.
 */
export function joinBody(request: Request, body: Body, bytes: Buffer, start: number): number {
  if (body.isDone || bytes.length === start || bytes.length - start > joinLimitBytes) return start
  const end = body.take(bytes, start)
  if (end < 0) return end
  request.text += latin1(bytes, start, end)
  request.bodyBegan = true
  return end
}
