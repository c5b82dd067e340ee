import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { encodeFrame, FrameReader } from '#contract/attach.ts'
import type { FrameKind } from '#contract/attach.ts'
import { errorFrom, failure } from '#contract/error.ts'

/** The line to an attached one-off. */
export interface Attachment {
  send(kind: FrameKind, payload?: Uint8Array): void
  /** Calls back once what was sent has left; at once when nothing is in the way. */
  whenFree(next: () => void): void
  /** Stops what comes in until `resume`. */
  pause(): void
  resume(): void
  close(): void
}

export interface Listener {
  onOutput(kind: 'stdout' | 'stderr', payload: Uint8Array): void
  onExit(code: number): void
  /** The line broke before an exit code came. */
  onLost(error: Error): void
}

const connectMs = 30_000

/** Opens the address a one-off gave, see contract/attach.ts. Throws what the server answered. */
export async function attach(
  url: string,
  listener: Listener,
  signal: AbortSignal,
): Promise<Attachment> {
  const { socket, head } = await upgrade(
    url,
    AbortSignal.any([signal, AbortSignal.timeout(connectMs)]),
  )
  receive(socket, head, url, listener)
  return {
    send: (kind, payload = new Uint8Array()) => void socket.write(encodeFrame(kind, payload)),
    whenFree: (next) => void (socket.writableNeedDrain ? socket.once('drain', next) : next()),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.destroy(),
  }
}

async function upgrade(
  url: string,
  signal: AbortSignal,
): Promise<{ readonly socket: Duplex; readonly head: Buffer }> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  const opened = Promise.withResolvers<{ socket: Duplex; head: Buffer }>()
  const refuse = (error: Error): void => opened.reject(unreachable(url, error))
  request(url, { headers: { connection: 'Upgrade', upgrade: 'slipway-attach' }, signal })
    .on('upgrade', (_response, socket, head) => {
      socket.setNoDelay(true)
      opened.resolve({ socket, head })
    })
    .on('response', (response) => void refused(response).then(opened.reject, refuse))
    .on('error', refuse)
    .end()
  return opened.promise
}

async function refused(response: IncomingMessage): Promise<Error> {
  const body = await text(response)
  const isJson = body.startsWith('{')
  const message = `The server did not attach the command (status ${response.statusCode}).`
  return errorFrom(isJson ? (JSON.parse(body) as object) : { message, hint: 'Try again.' })
}

function receive(socket: Duplex, head: Buffer, url: string, listener: Listener): void {
  const reader = new FrameReader()
  let isOver = false
  const lose = (error: Error): void => {
    if (isOver) return
    isOver = true
    listener.onLost(unreachable(url, error))
  }
  const take = (chunk: Uint8Array): void => {
    for (const { kind, payload } of reader.push(chunk)) {
      if (kind === 'stdout' || kind === 'stderr') listener.onOutput(kind, payload)
      if (kind !== 'exit') continue
      isOver = true
      listener.onExit(new DataView(payload.buffer, payload.byteOffset).getUint32(0))
      socket.end()
    }
  }
  socket.on('data', (chunk: Buffer) => {
    try {
      take(chunk)
    } catch (error) {
      lose(error as Error)
      socket.destroy()
    }
  })
  socket.on('error', lose)
  socket.on('close', () => lose(new Error('the connection ended')))
  if (head.length > 0) socket.unshift(head)
}

function unreachable(url: string, cause: Error): Error {
  const reason = (cause as NodeJS.ErrnoException).code ?? cause.message
  return failure('SERVER_UNREACHABLE', { server: new URL(url).origin, reason }, { cause })
}
