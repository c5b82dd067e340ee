import http2 from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'
import { openHttp2 } from '#router/http2/open.ts'
import type { Http2 } from '#router/http2/open.ts'
import { unobserved } from '#router/proxy/entry.ts'
import { defaultLimits } from '#router/proxy/limits.ts'
import type { Limits } from '#router/proxy/limits.ts'
import { Wheel } from '#router/proxy/wheel.ts'
import { Routes } from '#router/table/routes.ts'
import { openNetwork } from '#router/transport/choose.ts'
import { currentTransport } from './each-transport.ts'
import { instanceAt, tableOf } from './rig.ts'

/** A server that speaks HTTP/2 alone, in front of these routes. */
export interface Http2Rig {
  readonly port: number
  readonly http2: Http2
  readonly routes: Routes
  route(...ports: number[]): void
}

const dayMs = 86_400_000

/** Closes itself when the test ends, and fails it when a bug was met. */
export async function openHttp2Rig(t: Test, limits: Partial<Limits> = {}): Promise<Http2Rig> {
  const bugs: unknown[] = []
  const onBug = (error: unknown): void => void bugs.push(error)
  const all = { ...defaultLimits, ...limits }
  const wheel = new Wheel(Math.min(500, all.headMs, all.keepAliveMs, all.lingerMs), onBug)
  const routes = new Routes()
  const { network } = await openNetwork(currentTransport(), onBug)
  const shared = { routes, wheel, limits: all, onBug, network }
  const rest = { observer: unobserved, trusted: null, challenge: () => null }
  const opened = openHttp2({ ...shared, ...rest })
  const server = tls.createServer({ ...(await certificate()), ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('error', () => undefined)
    const { remoteAddress = '', remotePort = 0, localPort = 0 } = socket
    opened.onSocket(socket, { remoteAddress, remotePort, localPort })
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.close()
    await opened.close(0)
    if (bugs.length > 0) throw new Error('the proxy met a bug', { cause: bugs[0] })
  })
  return {
    port: (server.address() as AddressInfo).port,
    http2: opened,
    routes,
    route: (...ports) => routes.replace(tableOf(routes.number + 1, ports.map(instanceAt))),
  }
}

async function certificate(): Promise<{ key: string; cert: string }> {
  const key = await makeKey()
  const from = new Date(Date.now() - dayMs)
  const until = new Date(Date.now() + dayMs)
  const der = selfSigned({ subject: 'test', names: ['a.test'], from, until }, key)
  return { key: keyPem(key), cert: toPem('CERTIFICATE', der) }
}

/** A session as browsers have it. */
export function connect(t: Test, port: number): ClientHttp2Session {
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    servername: 'a.test',
  })
  session.on('error', () => undefined)
  t.teardown(() => session.destroy())
  return session
}

export interface Answered {
  /** 0: none came. */
  readonly status: number
  readonly headers: http2.IncomingHttpHeaders
  readonly interim: readonly http2.IncomingHttpHeaders[]
  readonly trailers: http2.IncomingHttpHeaders
  readonly body: string
  /** Of RST_STREAM. */
  readonly code: number
}

/** Sends one request and gives what came of it. */
export function request(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body: string | null = null,
): Promise<Answered> {
  const stream = session.request(
    { ':authority': 'a.test', ...headers },
    { endStream: body === null },
  )
  if (body !== null) stream.end(body)
  return answerOf(stream)
}

export function answerOf(stream: ClientHttp2Stream): Promise<Answered> {
  let head: http2.IncomingHttpHeaders = {}
  let trailers: http2.IncomingHttpHeaders = {}
  let body = ''
  const interim: http2.IncomingHttpHeaders[] = []
  stream.setEncoding('latin1')
  stream
    .on('headers', (fields) => interim.push(fields))
    .on('response', (fields) => (head = fields))
    .on('trailers', (fields) => (trailers = fields))
    .on('data', (text: string) => (body += text))
    .on('error', () => undefined)
  return new Promise((resolve) => {
    stream.on('close', () => {
      const status = Number(head[':status'] ?? 0)
      resolve({ status, headers: head, interim, trailers, body, code: stream.rstCode })
    })
  })
}

export const frameType = { data: 0, headers: 1, rst: 3, settings: 4, ping: 6, goaway: 7 } as const
const endStream = 1
const endHeaders = 4

interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A client that speaks frames, so that it can say what no library lets it say. */
export class FrameClient {
  readonly frames: Frame[] = []
  isClosed = false
  readonly #socket: TLSSocket
  #rest = Buffer.alloc(0)

  constructor(t: Test, port: number) {
    const options = { host: '127.0.0.1', port, servername: 'a.test', ALPNProtocols: ['h2'] }
    this.#socket = tls.connect({ ...options, rejectUnauthorized: false })
    this.#socket
      .on('data', (bytes: Buffer) => this.#read(bytes))
      .on('error', () => undefined)
      .on('close', () => (this.isClosed = true))
    this.#socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    this.send(frameType.settings, 0, 0)
    t.teardown(() => this.#socket.destroy())
  }

  send(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): this {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head[3] = type
    head[4] = flags
    head.writeUInt32BE(stream, 5)
    this.#socket.write(Buffer.concat([head, payload]))
    return this
  }

  /** In one piece, so that they are read together. */
  atOnce(send: () => unknown): void {
    this.#socket.cork()
    send()
    this.#socket.uncork()
  }

  /** Fields in turn, as they are: neither checked nor compressed. */
  headers(stream: number, fields: readonly string[], hasBody = false): this {
    const flags = endHeaders | (hasBody ? 0 : endStream)
    return this.send(frameType.headers, flags, stream, Buffer.concat(fields.map(literal).map(pack)))
  }

  data(stream: number, text: string, isLast: boolean): this {
    return this.send(frameType.data, isLast ? endStream : 0, stream, Buffer.from(text, 'latin1'))
  }

  /** The first frame for which it holds; rejects when the connection ends, or after 5 s, without. */
  async until(holds: (frame: Frame) => boolean): Promise<Frame> {
    const late = Date.now() + 5000
    for (;;) {
      const frame = this.frames.find(holds)
      if (frame !== undefined) return frame
      if (this.isClosed || Date.now() > late) throw new Error('no such frame came')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < end) return
      const [, , , type = 0, flags = 0] = this.#rest
      const stream = this.#rest.readUInt32BE(5) & 0x7fffffff
      this.frames.push({ type, flags, stream, payload: this.#rest.subarray(9, end) })
      this.#rest = this.#rest.subarray(end)
    }
  }
}

function literal(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** HPACK: a name begins a literal field that is not indexed; lengths below 127 take one byte. */
function pack(text: Buffer, index: number): Buffer {
  const length = text.length < 127 ? [text.length] : [127, ...rest(text.length - 127)]
  return Buffer.concat([Buffer.from(index % 2 === 0 ? [0, ...length] : length), text])
}

function rest(length: number): number[] {
  return length < 128 ? [length] : [(length % 128) | 128, ...rest(Math.floor(length / 128))]
}

/** The fields of the simplest request. */
export const get = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/']
const internalError = 2
const calm = 11

export async function goneAway(client: FrameClient): Promise<number> {
  const { payload } = await client.until(({ type }) => type === frameType.goaway)
  return payload.readUInt32BE(4)
}

/**
 * Sent away by us, or by nghttp2, which may be the first to have enough (on Node 26 it is, of
 * resets); a reset of the connection may have overtaken it.
 */
export async function expelled(t: Test, client: FrameClient): Promise<void> {
  const code = await goneAway(client).catch(() => client.isClosed)
  t.ok(code === calm || code === internalError || code === true, `${code}`)
}
