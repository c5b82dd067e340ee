import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorBody, failure } from '#contract/error.ts'
import type { SlipwayError } from '#contract/error.ts'
import { errorForClient } from '#controller/http/errors.ts'
import type { Http } from '#controller/http/serve.ts'
import { converse } from './converse.ts'
import type { RunDeps, Runs } from './runs.ts'

const protocol = 'slipway-attach'
const startMs = 25_000
const lingerMs = 1000

/** Answers `GET /attach/SECRET` with `Upgrade: slipway-attach`, see contract/process.ts. */
export function serveAttach(http: Http, deps: Pick<RunDeps, 'fleet' | 'log'>, runs: Runs): void {
  http.fastify.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const signal = AbortSignal.any([http.closing, goneSignal(socket)])
    attach(deps, runs, { request, socket, head }, signal).catch((error: unknown) => {
      refuse(socket, knownError(deps, error))
    })
  })
}

interface Arrival {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** The one-off runs before the client is answered, so that what goes wrong can still be said. */
async function attach(
  { fleet, log }: Pick<RunDeps, 'fleet' | 'log'>,
  runs: Runs,
  { request, socket, head }: Arrival,
  signal: AbortSignal,
): Promise<void> {
  const isOurs = request.headers.upgrade?.toLowerCase() === protocol
  const secret = /^\/attach\/([\w-]+)$/.exec(request.url ?? '')?.[1]
  const pending = isOurs && secret !== undefined ? runs.take(secret) : undefined
  if (pending === undefined) throw failure('STREAM_EXPIRED', {})
  const { spec, terminal, timeToLiveMs } = pending
  const starting = AbortSignal.any([signal, AbortSignal.timeout(startMs)])
  const oneOff = await fleet.attach(spec, terminal, starting)
  log.info('run.attached', { run: spec.name })
  try {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    )
    if (head.length > 0) socket.unshift(head)
    await converse(socket, oneOff, AbortSignal.any([signal, AbortSignal.timeout(timeToLiveMs)]))
  } catch (error) {
    log.info('run.detached', { run: spec.name, reason: String(error) })
    socket.destroy()
  } finally {
    // A client that keeps its side open does not keep the connection.
    setTimeout(() => socket.destroy(), lingerMs).unref()
    await oneOff.close()
  }
}

function goneSignal(socket: Duplex): AbortSignal {
  const gone = new AbortController()
  socket.once('close', () => gone.abort())
  return gone.signal
}

function knownError({ log }: Pick<RunDeps, 'log'>, error: unknown): SlipwayError {
  const known = errorForClient(error)
  if (known === null) log.error('run.attach_failed', error)
  return known ?? failure('INTERNAL', { request: 'attach' })
}

function refuse(socket: Duplex, error: SlipwayError): void {
  if (!socket.writable) return
  const body = JSON.stringify(errorBody(error, 'attach'))
  const head = [
    `HTTP/1.1 ${error.status} ${error.id}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
