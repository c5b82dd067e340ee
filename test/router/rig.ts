import http from 'node:http'
import net from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import tls from 'node:tls'
import type { Test } from 'tap'
import type { RouteInstance, RouteTable } from '#contract/route.ts'
import type { Log } from '#lib/log.ts'
import { openProxy } from '#router/proxy/proxy.ts'
import type { ProxyOptions } from '#router/proxy/proxy.ts'
import type { Limits } from '#router/proxy/limits.ts'
import { Routes } from '#router/table/routes.ts'
import { openNetwork } from '#router/transport/choose.ts'
import { currentTransport, isOverTls } from './each-transport.ts'
import { testCertificates } from './lines.ts'

/** A proxy on a free port, its routes, and every bug it reported. */
export interface Rig {
  /** Where `dial` and `ask` reach it: that of TLS in a test that runs over TLS. */
  readonly port: number
  readonly scheme: 'http' | 'https'
  /** 0 without TLS. */
  readonly securePort: number
  readonly routes: Routes
  readonly bugs: unknown[]
  /** Puts the host `a.test` in front of these ports, as a table of its own. */
  route(...ports: number[]): void
  close(graceMs: number): Promise<void>
}

/** Closes itself when the test ends, and fails it when the proxy met a bug of its own. */
export async function openRig(
  t: Test,
  limits: Partial<Limits> = {},
  more: Partial<ProxyOptions> = {},
): Promise<Rig> {
  const routes = new Routes()
  const bugs: unknown[] = []
  const log: Log = { info: () => {}, warn: () => {}, error: (_, error) => bugs.push(error) }
  const address = { host: '127.0.0.1', port: 0 }
  const { network } = await openNetwork(currentTransport(), (bug) => bugs.push(bug))
  const isSecure = isOverTls()
  const secure = isSecure ? { address, tls: { certificates: await testCertificates() } } : undefined
  const over = secure === undefined ? {} : { secure }
  const proxy = await openProxy({ address, routes, log, limits, network, ...over, ...more })
  t.teardown(() => proxy.close(0))
  t.teardown(() => {
    if (bugs.length > 0) throw new Error('the proxy met a bug', { cause: bugs[0] })
  })
  const route = (...ports: number[]): void => {
    routes.replace(tableOf(routes.number + 1, ports.map(instanceAt)))
  }
  const { securePort } = proxy
  const port = isSecure ? securePort : proxy.port
  const scheme = isSecure ? 'https' : 'http'
  const close = (graceMs: number): Promise<void> => proxy.close(graceMs)
  return { port, scheme, securePort, routes, bugs, route, close }
}

/** Connects to a rig's port, over TLS in a test that runs over TLS. */
export function connect(port: number): Socket {
  return isOverTls() ? secured(tcpTo(port)) : tcpTo(port)
}

function tcpTo(port: number): Socket {
  return net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
}

function secured(tcp: Socket): Socket {
  // The TLS over it says the same, and 'close' follows.
  tcp.on('error', () => undefined)
  return tls.connect({ socket: tcp, servername: 'a.test', rejectUnauthorized: false })
}

export function instanceAt(port: number): RouteInstance {
  return { id: `a-${port}`, release: 1, host: '127.0.0.1', port }
}

export function tableOf(number: number, instances: RouteInstance[], host = 'a.test'): RouteTable {
  return {
    number,
    sites: [{ app: 'a', environment: 'production', instances }],
    rules: [{ host, site: 'a/production' }],
  }
}

/** A backend that speaks bytes. Gives its port. */
export async function rawBackend(t: Test, serve: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

/** A backend that answers every read with the same bytes, and may then close. */
export function answering(t: Test, answer: string, { closes = false } = {}): Promise<number> {
  return rawBackend(t, (socket) => {
    socket.on('data', () => {
      socket.write(answer, 'latin1')
      if (closes) socket.end()
    })
    socket.on('end', () => socket.end())
  })
}

export interface HttpBackend {
  readonly port: number
  readonly server: http.Server
  readonly seen: http.IncomingMessage[]
}

/** A backend as apps have it. */
export async function httpBackend(
  t: Test,
  serve: http.RequestListener = echo,
): Promise<HttpBackend> {
  const seen: http.IncomingMessage[] = []
  const server = http.createServer((request, response) => {
    seen.push(request)
    serve(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, server, seen }
}

/** Answers method, path, headers, trailers and body as JSON. */
function echo(request: http.IncomingMessage, response: http.ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { method, url, headers, trailers, httpVersion } = request
    const body = Buffer.concat(chunks).toString('latin1')
    response.end(JSON.stringify({ method, url, headers, trailers, httpVersion, body }))
  })
}

/** A client that speaks bytes. */
export class RawClient {
  /** What is read and written: TLS in a test that runs over TLS. */
  readonly socket: Socket
  readonly #tcp: Socket
  text = ''
  /** How the connection ended: in order, or cut off. */
  ended: 'open' | 'fin' | 'reset' = 'open'
  #wake = (): void => undefined

  constructor(port: number) {
    this.#tcp = tcpTo(port)
    this.socket = isOverTls() ? secured(this.#tcp) : this.#tcp
    this.socket.setEncoding('latin1')
    this.socket.on('data', (chunk: string) => this.#note(() => (this.text += chunk)))
    this.socket.on('end', () => this.#note(() => (this.ended = 'fin')))
    this.socket.on('error', () => this.#note(() => (this.ended = 'reset')))
    this.socket.on('close', () =>
      this.#note(() => (this.ended = this.ended === 'fin' ? 'fin' : 'reset')),
    )
  }

  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Resolves when the text has this in it; rejects when it ends or takes 5 s without. */
  async until(part: string | RegExp): Promise<string> {
    await this.#wait(() =>
      typeof part === 'string' ? this.text.includes(part) : part.test(this.text),
    )
    return this.text
  }

  /** All that came until the other side ended. */
  async all(): Promise<string> {
    await this.#wait(() => this.ended !== 'open')
    this.socket.destroy()
    return this.text
  }

  close(): void {
    this.socket.destroy()
  }

  /** Breaks off (RST), over TLS without a word. */
  reset(): void {
    this.#tcp.resetAndDestroy()
  }

  #note(change: () => void): void {
    change()
    this.#wake()
  }

  async #wait(isMet: () => boolean): Promise<void> {
    const late = Date.now() + 5000
    while (!isMet()) {
      if (this.ended !== 'open') throw new Error(`ended (${this.ended}) after: ${this.text}`)
      if (Date.now() > late) throw new Error(`nothing more after: ${this.text}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** Opens a connection that is closed with the test. */
export function dial(t: Test, port: number): RawClient {
  const client = new RawClient(port)
  t.teardown(() => client.close())
  return client
}

/** Sends a text, ends nothing, and gives all that is answered until the proxy closes. */
export function ask(t: Test, port: number, text: string): Promise<string> {
  return dial(t, port).send(text).all()
}

/** A GET that closes afterwards. */
export function get(path = '/', more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}Connection: close\r\n\r\n`
}

export function statusOf(answer: string): number {
  return Number(answer.slice(9, 12))
}

export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

interface Echoed {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly trailers: Record<string, string>
  readonly httpVersion: string
  readonly body: string
}

/** What the echoing backend says it was asked. */
export function echoed(answer: string): Echoed {
  const body = bodyOf(answer)
  return JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) as Echoed
}
