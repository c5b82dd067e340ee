import net from 'node:net'
import type { Arrival } from './arrival.ts'
import { listenArrivals } from './listen.ts'
import { sourceOf } from './source.ts'
import type { Accept, Address, ConnectReceiver } from './transport.ts'
import type { Network, Receiver, Source, Transport } from './transport.ts'

/** Below this one text is cheaper than two writes. */
const joinedBytes = 16_384

type OnBug = (error: unknown) => void

/** The documented way: sockets of `node:net`. Bugs in a receiver are reported and cost one connection. */
export function openNetNetwork(onBug: OnBug): Network {
  return {
    connect: (address, receiver) => connect(address, receiver, onBug),
    listen: (where, accept, options = {}) =>
      listenArrivals(where, options, (arrival) => welcome(arrival, accept, onBug), onBug),
  }
}

function connect(address: Address, receiver: ConnectReceiver, onBug: OnBug): Transport {
  const { host, port } = address
  const tcp = net.connect({ host, port, allowHalfOpen: true, noDelay: true })
  // 'close' follows every error and says all that we need.
  tcp.on('error', () => undefined)
  const source = sourceOf(tcp)
  const line = { socket: tcp, tcp, source, isSecure: false, serverName: '' }
  const transport = new NetTransport(line, onBug)
  tcp.once('connect', () => transport.attempt(() => receiver.onConnected()))
  transport.start(receiver)
  return transport
}

function welcome(arrival: Arrival, accept: Accept, onBug: OnBug): void {
  const transport = new NetTransport(arrival, onBug)
  transport.attempt(() => {
    const receiver = accept(transport)
    if (receiver !== null) transport.start(receiver)
  })
}

class NetTransport implements Transport {
  readonly isSecure: boolean
  readonly serverName: string
  readonly #socket: net.Socket
  readonly #tcp: net.Socket
  readonly #source: Source
  readonly #onBug: OnBug
  #isClosed = false
  #isPaused = false

  constructor({ socket, tcp, source, isSecure, serverName }: Arrival, onBug: OnBug) {
    this.#socket = socket
    this.#tcp = tcp
    this.#source = source
    this.isSecure = isSecure
    this.serverName = serverName
    this.#onBug = onBug
  }

  get remoteAddress(): string {
    return this.#source.remoteAddress
  }

  get remotePort(): number {
    return this.#source.remotePort
  }

  get localPort(): number {
    return this.#source.localPort
  }

  get isCongested(): boolean {
    return this.#socket.writableNeedDrain
  }

  get isFlushed(): boolean {
    return this.#socket.writableLength === 0
  }

  start(receiver: Receiver): void {
    this.#socket
      .on('data', (bytes: Buffer) => this.attempt(() => receiver.onBytes(bytes)))
      .on('end', () => this.attempt(() => receiver.onEnd()))
      .on('drain', () => this.attempt(() => receiver.onDrained()))
      .on('close', () => {
        this.attempt(() => receiver.onClosed())
        this.#isClosed = true
      })
    // A socket that was read from before it came to us would not begin by itself.
    if (!this.#isPaused) this.#socket.resume()
  }

  /** Hands an event on, unless the connection was closed in the meantime. */
  attempt(event: () => void): void {
    if (this.#isClosed) return
    try {
      event()
    } catch (error) {
      this.#onBug(error)
      this.#cut()
    }
  }

  writeText(text: string): void {
    if (this.#isWritable) this.#socket.write(text, 'latin1')
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    if (end > start && this.#isWritable) this.#socket.write(bytes.subarray(start, end))
  }

  writeJoined(text: string, bytes: Buffer, start: number, end: number): void {
    if (end - start <= joinedBytes) {
      return this.writeText(text + bytes.toString('latin1', start, end))
    }
    this.#socket.cork()
    this.writeText(text)
    this.writeBytes(bytes, start, end)
    this.#socket.uncork()
  }

  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosed) return
    this.#isPaused = false
    this.#socket.resume()
  }

  rest(): void {
    // Nothing was borrowed.
  }

  shutDown(): void {
    if (this.#isWritable) this.#socket.end()
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  abort(): void {
    this.#isClosed = true
    this.#cut()
  }

  /** A reset while a shutdown is under way fails, and would leave the socket open for ever. */
  #cut(): void {
    if (this.#socket.writableEnded && this.isFlushed) this.#socket.destroy()
    else this.#tcp.resetAndDestroy()
  }

  get #isWritable(): boolean {
    return !this.#isClosed && this.#socket.writable
  }
}
