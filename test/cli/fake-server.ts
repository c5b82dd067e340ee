import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Value } from 'typebox/value'
import { encodeFrame, FrameReader } from '#contract/attach.ts'
import type { FrameKind } from '#contract/attach.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { errorBody, failure, SlipwayError } from '#contract/error.ts'

/** What a request of the command was. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface Answer<E> {
  readonly body?: ReplyOf<E>
  readonly headers?: Readonly<Record<string, string>>
  readonly status?: number
}

type Handler = (asked: Asked) => Answer<Endpoint> | Promise<Answer<Endpoint>>
type Raw = (request: IncomingMessage, response: ServerResponse) => void

/** Talks as the far end of an attached one-off; `frames` calls back for each frame. */
export interface FarEnd {
  send(kind: FrameKind, payload: Uint8Array): void
  frames(onFrame: (kind: FrameKind, payload: Uint8Array) => void): void
  cut(): void
}

/** A server that answers what a test tells it, in the shapes of the contract. */
export class FakeServer {
  readonly asked: Asked[] = []
  readonly #routes: { readonly endpoint: Endpoint; readonly handle: Handler }[] = []
  readonly #raw = new Map<string, Raw>()
  readonly #server: Server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  readonly #sockets: Duplex[] = []
  #attached: (end: FarEnd) => void = (end) => end.cut()

  static async open(): Promise<FakeServer> {
    const fake = new FakeServer()
    fake.#server.on('upgrade', (_request, socket: Duplex) => fake.#upgrade(socket))
    await new Promise<void>((done) => fake.#server.listen(0, '127.0.0.1', done))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The last word on an endpoint counts. */
  on<E extends Endpoint>(
    endpoint: E,
    handle: (asked: Asked) => Answer<E> | Promise<Answer<E>>,
  ): void {
    this.#routes.unshift({ endpoint, handle: handle as Handler })
  }

  /** A plain path outside the contract: streams. */
  onPath(path: string, raw: Raw): void {
    this.#raw.set(path, raw)
  }

  onAttach(attached: (end: FarEnd) => void): void {
    this.#attached = attached
  }

  /** The last request of an endpoint. */
  last(endpoint: Endpoint): Asked | undefined {
    return this.asked.findLast(
      ({ method, path }) => method === endpoint.method && match(endpoint.path, path) !== undefined,
    )
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', this.url)
    const raw = this.#raw.get(path)
    if (raw !== undefined) return raw(request, response)
    const method = request.method ?? ''
    const route = this.#routes.find(
      ({ endpoint }) => endpoint.method === method && match(endpoint.path, path) !== undefined,
    )
    const sent = await text(request)
    const asked = {
      method,
      path,
      query,
      params: match(route?.endpoint.path ?? path, path) ?? {},
      headers: request.headers,
      body: sent === '' ? undefined : (JSON.parse(sent) as unknown),
    }
    this.asked.push(asked)
    try {
      if (route === undefined) throw failure('NOT_FOUND', { path })
      send(response, route.endpoint, await route.handle(asked))
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error
      response.writeHead(error.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(errorBody(error, 'request-1')))
    }
  }

  #upgrade(socket: Duplex): void {
    this.#sockets.push(socket)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n')
    socket.write('Upgrade: slipway-attach\r\n\r\n')
    socket.on('error', () => undefined)
    const reader = new FrameReader()
    this.#attached({
      send: (kind, payload) => void socket.write(encodeFrame(kind, payload)),
      cut: () => void socket.destroy(),
      frames: (onFrame) =>
        void socket.on('data', (chunk: Buffer) => {
          for (const { kind, payload } of reader.push(chunk)) onFrame(kind, payload)
        }),
    })
  }
}

/** A fake that does not keep to the contract would prove nothing. */
function send(response: ServerResponse, endpoint: Endpoint, answer: Answer<Endpoint>): void {
  if (endpoint.reply !== undefined && !Value.Check(endpoint.reply, answer.body)) {
    const [first] = Value.Errors(endpoint.reply, answer.body)
    throw new Error(`${endpoint.path}: not the contract's reply: ${JSON.stringify(first)}`)
  }
  const status = answer.status ?? endpoint.status ?? (endpoint.reply === undefined ? 204 : 200)
  response.writeHead(status, { 'content-type': 'application/json', ...answer.headers })
  response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body))
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const source = pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)')
  const found = new RegExp(`^${source}$`).exec(path)
  if (found === null) return undefined
  return Object.fromEntries(
    Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
  )
}
