import { performServerHandshake } from 'node:http2'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'

/** Answers a request message; null: `NOT_FOUND`. */
export type GrpcMethod = (message: Buffer) => Buffer | null

const notFound = 5
const unimplemented = 12
/** Requests of the engine to us are names. */
const requestLimitBytes = 65_536

/**
 * Answers unary gRPC calls on a connection, by path (`/package.Service/Method`). One message in, one
 * out, uncompressed: all that a session of BuildKit asks of us.
 */
export function serveGrpc(
  connection: Duplex,
  methods: Readonly<Record<string, GrpcMethod>>,
): ServerHttp2Session {
  const session = performServerHandshake(connection)
  session.on('error', () => undefined)
  session.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    const method = methods[headers[':path'] ?? '']
    if (method === undefined) return fail(stream, unimplemented)
    answer(stream, method).catch(() => stream.destroy())
  })
  return session
}

async function answer(stream: ServerHttp2Stream, method: GrpcMethod): Promise<void> {
  const message = await readMessage(stream)
  const reply = method(message)
  if (reply === null) return fail(stream, notFound)
  stream.respond(head, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(framed(reply))
}

const head = { ':status': 200, 'content-type': 'application/grpc' }

function fail(stream: ServerHttp2Stream, status: number): void {
  stream.resume()
  stream.respond(
    { ...head, 'grpc-status': String(status), 'grpc-message': '' },
    { endStream: true },
  )
}

async function readMessage(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > requestLimitBytes) throw new RangeError('the request is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).subarray(frameBytes)
}

/** A flag (0: not compressed) and the length stand before a message. */
const frameBytes = 5

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(frameBytes)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}
