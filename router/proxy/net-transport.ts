import net from 'node:net'
import type {
  Address,
  ConnectReceiver,
  Listener,
  Network,
  Receiver,
  Transport,
} from './transport.ts'

/** The documented way: sockets of `node:net`. Bugs in a receiver are reported and cost one connection. */
export function openNetNetwork(onBug: (error: unknown) => void): Network {
  return {
    connect: (address, receiver) => connect(address, receiver, onBug),
    listen: (address, accept) => listen(address, accept, onBug),
  }
}

function connect(address: Address, receiver: ConnectReceiver, onBug: OnBug): Transport {
  const { host, port } = address
  const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true })
  const transport = new NetTransport(socket, onBug)
  socket.once('connect', () => transport.attempt(() => receiver.onConnected()))
  transport.start(receiver)
  return transport
}

function listen(
  { host, port }: Address,
  accept: (transport: Transport) => Receiver | null,
  onBug: OnBug,
): Promise<Listener> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const transport = new NetTransport(socket, onBug)
    transport.attempt(() => {
      const receiver = accept(transport)
      if (receiver !== null) transport.start(receiver)
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 4096 }, () => {
      // From here on an error is a connection that could not be accepted: the next one may be.
      server.off('error', reject).on('error', onBug)
      resolve({ port: (server.address() as net.AddressInfo).port, close: () => server.close() })
    })
  })
}

type OnBug = (error: unknown) => void

class NetTransport implements Transport {
  readonly #socket: net.Socket
  readonly #onBug: OnBug
  #isClosed = false
  #isPaused = false

  constructor(socket: net.Socket, onBug: OnBug) {
    this.#socket = socket
    this.#onBug = onBug
    // 'close' follows every error and says all that we need.
    socket.on('error', () => undefined)
  }

  get remoteAddress(): string {
    return (this.#socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0
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
    if (this.#socket.writableEnded) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  get #isWritable(): boolean {
    return !this.#isClosed && this.#socket.writable
  }
}
