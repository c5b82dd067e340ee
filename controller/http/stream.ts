import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Http, signalFor } from './serve.ts'

/** What flows out; `type` is its media type, plain text unless told. */
export interface Flow {
  readonly chunks: AsyncIterable<Buffer | string>
  readonly type?: string
}

/**
 * A GET outside the contract whose path ends in a secret: that is the whole right to it.
 *
 * `open` throws what a client should be told before anything flows; afterwards the flow ends when it
 * is at its end, the client is gone, or the server closes.
 */
export function serveStream(
  http: Http,
  path: `/${string}/:secret`,
  open: (secret: string, signal: AbortSignal, request: FastifyRequest) => Promise<Flow>,
): void {
  http.fastify.get(path, { exposeHeadRoute: false }, async (request, reply) => {
    const { secret } = request.params as { secret: string }
    const signal = signalFor(http, reply)
    await send(http, reply, await open(secret, signal, request), signal)
  })
}

async function send(
  { log }: Http,
  reply: FastifyReply,
  { chunks, type = 'text/plain; charset=utf-8' }: Flow,
  signal: AbortSignal,
): Promise<void> {
  void reply.header('content-type', type).header('cache-control', 'no-store').hijack()
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>)
  // The client learns that it may read before there is anything to read.
  reply.raw.flushHeaders()
  try {
    await pipeline(Readable.from(chunks, { objectMode: false }), reply.raw)
  } catch (error) {
    if (!signal.aborted) log.error('stream.failed', error, { request: reply.request.id })
  }
}
