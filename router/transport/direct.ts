import { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { innerContext, reportReads, wrapTls, writeRequest } from './binding.ts'
import type { TcpHandle, TlsHandle } from './binding.ts'
import type { Late } from './deadlines.ts'
import type { Line } from './line.ts'
import { challengeProtocol, protocolsOffered } from './hello.ts'
import { shared } from './lending.ts'
import { offersHttp2, unknownName } from './secure.ts'
import type { Common, Handshakes } from './secure.ts'
import type { HandshakeEnd, Source } from './transport.ts'

type OnBug = (error: unknown) => void
/** Takes a connection whose handshake is done; gives what to call when it breaks. */
export type Arrived = (line: Line) => () => void

/** A fatal alert, `no_application_protocol` (RFC 7301). */
const noProtocol = Buffer.from([21, 3, 3, 0, 2, 2, 120])
const http1 = Buffer.from('\x08http/1.1', 'latin1')

/** The connections of one listener: those that need no socket do without. */
export class DirectHandshakes {
  readonly common: Common
  readonly arrived: Arrived
  readonly onBug: OnBug
  readonly #others: Handshakes

  /** `others`: for what only sockets can be used for, HTTP/2 and challenges. */
  constructor(common: Common, others: Handshakes, arrived: Arrived, onBug: OnBug) {
    this.common = common
    this.arrived = arrived
    this.onBug = onBug
    this.#others = others
  }

  begin(tcp: TcpHandle, source: Source): void {
    new DirectHandshake(this, tcp, source).readHello()
  }

  /** Takes it, if it has to be a socket. */
  divert(tcp: TcpHandle, source: Source, hello: Buffer, offers: readonly string[]): boolean {
    const { tls } = this.common
    const isHttp2 = offersHttp2(tls, source) && offers.includes('h2')
    if (!isHttp2 && !offers.includes(challengeProtocol)) return false
    tcp.readStop()
    tcp.setNoDelay(true)
    // 'close' follows every error and says all that we need.
    const socket = new Socket({ handle: tcp, allowHalfOpen: true, manualStart: true } as object)
    socket.on('error', () => undefined)
    socket.unshift(Buffer.from(hello))
    this.#others.begin(socket, source, offers)
    return true
  }
}

/** A connection until its handshake is done. */
class DirectHandshake implements Late {
  readonly #around: DirectHandshakes
  readonly #tcp: TcpHandle
  readonly #source: Source
  #hello: Buffer | null = null
  #tls: TlsHandle | null = null
  #isOver = false
  /** Once it has arrived: what to call when it breaks. */
  #onBroken: (() => void) | null = null

  constructor(around: DirectHandshakes, tcp: TcpHandle, source: Source) {
    this.#around = around
    this.#tcp = tcp
    this.#source = source
  }

  readHello(): void {
    this.#around.common.deadlines.add(this)
    this.#tcp.reader = this
    reportReads(this.#tcp, shared.bytes)
    this.#tcp.readStart()
  }

  destroy(): void {
    if (this.#isOver) return
    this.#tell('failed')
    this.#end()
    this.close()
  }

  /** After its hello, and before it has arrived, only its end can come. */
  read(size: number): undefined {
    if (size < 0) this.destroy()
    else if (size > 0 && this.#tls === null) this.#attempt(() => this.#take(shared.view(size)))
  }

  close(): void {
    this.#tcp.close(this.#forget)
  }

  reset(): void {
    if (this.#tcp.reset(this.#forget) !== 0) this.close()
  }

  /** Without this, writes that were under way keep it for ever. */
  readonly #forget = (): void => this.#tls?.destroySSL()

  #take(bytes: Buffer): void {
    if (this.#isOver) return
    const hello = this.#hello === null ? bytes : Buffer.concat([this.#hello, bytes])
    const offers = protocolsOffered(hello)
    if (offers === undefined) {
      this.#hello = hello === bytes ? Buffer.from(bytes) : hello
      return
    }
    this.#tcp.reader = this.#hello = null
    if (this.#around.divert(this.#tcp, this.#source, hello, offers)) return this.#end()
    // OpenSSL would say the same, after five times the work.
    if (offers.length > 0 && !offers.includes('http/1.1')) return this.#refuse(noProtocol)
    this.#begin(hello)
  }

  #begin(hello: Buffer): void {
    const tls = wrapTls(this.#tcp, this.#around.common.bases.next())
    this.#tls = tls
    tls.oncertcb = ({ servername }) => this.#attempt(() => this.#choose(tls, servername ?? ''))
    tls.onhandshakedone = () => this.#attempt(() => this.#arrive(tls))
    tls.onerror = () => this.#attempt(() => this.#break())
    tls.setALPNProtocols(http1)
    tls.enableCertCb()
    tls.reader = this
    reportReads(tls, shared.bytes)
    tls.readStart()
    tls.receive(hello)
  }

  #choose(tls: TlsHandle, name: string): void {
    if (this.#isOver) return
    const context = name === '' ? null : this.#contextFor(name.toLowerCase())
    if (context === undefined) {
      return this.#refuse(unknownName)
    }
    if (context !== null) tls.sni_context = innerContext(context)
    tls.certCbDone()
  }

  #refuse(alert: Buffer): void {
    this.#tcp.writeBuffer(writeRequest(), alert)
    this.destroy()
  }

  #contextFor(name: string): SecureContext | undefined {
    return this.#around.common.tls.certificates.contextFor(name)
  }

  #arrive(tls: TlsHandle): void {
    if (this.#isOver) return
    this.#tcp.setNoDelay(true)
    const name = tls.getServername()
    this.#tell(tls.isSessionReused() ? 'resumed' : 'full')
    this.#end()
    this.#onBroken = this.#around.arrived({
      handle: tls,
      source: this.#source,
      isSecure: true,
      serverName: name === false ? '' : name.toLowerCase(),
      close: () => this.close(),
      reset: () => this.reset(),
    })
  }

  #tell(end: HandshakeEnd): void {
    this.#around.common.tls.onHandshake?.(end)
  }

  #break(): void {
    if (this.#onBroken === null) this.destroy()
    else this.#onBroken()
  }

  #end(): void {
    this.#isOver = true
    this.#around.common.deadlines.remove(this)
  }

  #attempt(event: () => void): void {
    try {
      event()
    } catch (error) {
      this.#around.onBug(error)
      this.destroy()
    }
  }
}
