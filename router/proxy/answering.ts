import type { Exchange } from './exchange.ts'
import { isPlain, responseHeadText } from './forward.ts'
import { incomplete, whole } from './head.ts'
import { parseResponseHead, ResponseHead } from './response-head.ts'
import type { Upstream } from './upstream.ts'

// How answers are read off a connection to an instance, and passed on: interim heads, head, body.

/** Interim answers before the real one: more are no hints but a way never to answer. */
const interimLimit = 100

const head = new ResponseHead()

/** Reads from the first byte that was not read before; the rest of a head is kept until it is whole. */
export function readAnswer(upstream: Upstream, exchange: Exchange, bytes: Buffer): void {
  if (upstream.stage === 'body') return readBody(upstream, exchange, bytes)
  for (let at = 0; ; at = head.end) {
    const verdict = parseResponseHead(head, bytes, at)
    if (verdict === incomplete) {
      upstream.stash = Buffer.from(bytes.subarray(at))
      return
    }
    if (verdict !== whole) return upstream.lose('malformed')
    if (head.status === 101) return readUpgrade(upstream, exchange, bytes, at)
    if (head.status >= 200) return readFinalHead(upstream, exchange, bytes, at)
    if (++upstream.interims > interimLimit) return upstream.lose('malformed')
    // HTTP/1.0 knows no interim answers.
    if (exchange.request.minor > 0) exchange.asker.writeText(responseHeadText(head, bytes, at, ''))
  }
}

function readUpgrade(upstream: Upstream, exchange: Exchange, bytes: Buffer, at: number): void {
  const { asker, request } = exchange
  if (!request.wantsUpgrade || !asker.isRequestRead) return upstream.lose('malformed')
  upstream.stage = 'tunnel'
  exchange.isAnswering = true
  exchange.status = head.status
  asker.writeText(responseHeadText(head, bytes, at, 'Connection: Upgrade\r\n'))
  const first = bytes.subarray(head.end)
  exchange.becomeTunnel()
  if (first.length > 0) asker.onTunnelBytes(first)
}

function readFinalHead(upstream: Upstream, exchange: Exchange, bytes: Buffer, at: number): void {
  const { asker } = exchange
  beginBody(upstream, exchange)
  const bodyStart = head.end
  const bodyEnd = upstream.body.take(bytes, bodyStart)
  if (bodyEnd < 0) return upstream.lose('malformed')
  exchange.isAnswering = true
  exchange.status = head.status
  const { addedFields } = exchange
  if (addedFields === '' && isPlain(head, asker.mustClose)) {
    asker.writeBytes(bytes, head.closeGaps(bytes, at), bodyEnd)
  } else {
    const added = addedFields + (asker.mustClose ? 'Connection: close\r\n' : '')
    const text = responseHeadText(head, bytes, at, added)
    asker.writeJoined(text, bytes, bodyStart, bodyEnd)
  }
  endIfDone(upstream, bytes, bodyEnd)
}

function beginBody(upstream: Upstream, { request, asker }: Exchange): void {
  const { body } = upstream
  upstream.stage = 'body'
  if (request.isHead || head.isBodiless || head.status === 304) body.beginNone()
  else body.beginAnswer(head)
  upstream.keepsAlive = head.keepsAlive && !body.endsWithConnection
  if (head.keepAliveS >= 0) upstream.idleFor(head.keepAliveS)
  if (body.endsWithConnection || asker.mustClose) asker.closeAfterAnswer()
}

function readBody(upstream: Upstream, exchange: Exchange, bytes: Buffer): void {
  const end = upstream.body.take(bytes, 0)
  if (end < 0) return upstream.lose('malformed')
  exchange.asker.writeBytes(bytes, 0, end)
  endIfDone(upstream, bytes, end)
}

/** What comes after the answer's end was asked for by nobody. */
function endIfDone(upstream: Upstream, bytes: Buffer, end: number): void {
  if (upstream.body.isDone) upstream.finish(upstream.keepsAlive && end === bytes.length)
}
