import net from 'node:net'
import { connectRequest, openTcp } from './binding.ts'
import type { StreamHandle, TcpHandle } from './binding.ts'
import type { Arrival } from './arrival.ts'
import { HandleTransport } from './handle-transport.ts'
import { TcpLine } from './tcp-line.ts'
import type { Line } from './line.ts'
import { listenArrivals, listenWith } from './listen.ts'
import { plainAddress } from './source.ts'
import type { Accept, Address, ConnectReceiver, Listener, ListenOptions } from './transport.ts'
import type { Network, Source, TlsOptions, Transport, Where } from './transport.ts'

type OnBug = (error: unknown) => void

/**
 * The fast way: libuv's handles themselves, as `net` uses them underneath. No public API, so
 * `choose.ts` tries it first. Bugs in a receiver are reported and cost one connection.
 */
export function openHandleNetwork(onBug: OnBug): Network {
  return {
    connect: (address, receiver) => connect(address, receiver, onBug),
    listen: (where, accept, options = {}) => {
      if (options.proxyProtocol === true) {
        return listenArrivals(where, options, (arrival) => arrive(arrival, accept, onBug), onBug)
      }
      return listen(where, options, accept, onBug)
    },
  }
}

async function listen(
  where: Where,
  { tls, deadlineMs = 10_000 }: ListenOptions,
  accept: Accept,
  onBug: OnBug,
): Promise<Listener> {
  const plainly = (tcp: TcpHandle, source: Source): void =>
    welcome(new HandleTransport(new TcpLine(tcp, source), onBug), accept)
  const take = tls === undefined ? plainly : await securely(tls, deadlineMs, accept, onBug)
  const server = net.createServer()
  const listener = await listenWith(server, where, onBug)
  takeOver(server, take, onBug)
  return listener
}

type Take = (tcp: TcpHandle, source: Source) => void

async function securely(
  tls: TlsOptions,
  deadlineMs: number,
  accept: Accept,
  onBug: OnBug,
): Promise<Take> {
  // Loaded only where there is TLS: it takes 6 MiB.
  const { openCommon, openHandshakes } = await import('./secure.ts')
  const { DirectHandshakes } = await import('./direct.ts')
  const common = openCommon(tls, deadlineMs)
  const others = openHandshakes(common, (arrival) => arrive(arrival, accept, onBug), onBug)
  const arrived = (line: Line): (() => void) => {
    const transport = new HandleTransport(line, onBug)
    welcome(transport, accept)
    return () => transport.fail()
  }
  const handshakes = new DirectHandshakes(common, others, arrived, onBug)
  return (tcp, source) => handshakes.begin(tcp, source)
}

function connect({ host, port }: Address, receiver: ConnectReceiver, onBug: OnBug): Transport {
  const tcp = openTcp()
  const source = { remoteAddress: host, remotePort: port, localPort: 0 }
  const transport = new HandleTransport(new TcpLine(tcp, source), onBug)
  transport.tell(receiver)
  const request = connectRequest((status) => {
    if (status !== 0) return transport.fail()
    transport.attempt(() => receiver.onConnected())
    transport.start()
  })
  const error = net.isIPv6(host)
    ? tcp.connect6(request, host, port)
    : tcp.connect(request, host, port)
  if (error !== 0) transport.fail()
  return transport
}

interface AcceptingHandle {
  onconnection: (status: number, tcp: TcpHandle) => void
}

/** The server listens as ever; its connections come to us before sockets are made of them. */
function takeOver(server: net.Server, take: Take, onBug: OnBug): void {
  const { port } = server.address() as net.AddressInfo
  const { _handle: handle } = server as unknown as { _handle: AcceptingHandle }
  handle.onconnection = (status, tcp) => {
    if (status !== 0) return onBug(new Error(`A connection could not be accepted (${status}).`))
    take(tcp, peerOf(tcp, port))
  }
}

// One for all: what is always of the same shape is filled faster.
const peer = { address: '', family: '', port: 0 }

function peerOf(tcp: TcpHandle, localPort: number): Source {
  // It is gone already; the first read will say so.
  if (tcp.getpeername(peer) !== 0) return { remoteAddress: '', remotePort: 0, localPort }
  return { remoteAddress: plainAddress(peer.address), remotePort: peer.port, localPort }
}

/** Takes the handle of a socket; what that has read already is handed over first. */
function arrive(arrival: Arrival, accept: Accept, onBug: OnBug): void {
  const { socket, tcp } = arrival
  const first = socket.read() as Buffer | null
  const { _handle: handle } = socket as unknown as { _handle: StreamHandle }
  const line: Line = {
    ...arrival,
    handle,
    close: () => socket.destroy(),
    reset: () => tcp.resetAndDestroy(),
    onClosed: (listener) => socket.once('close', listener),
  }
  welcome(new HandleTransport(line, onBug), accept, first)
}

function welcome(transport: HandleTransport, accept: Accept, first: Buffer | null = null): void {
  transport.attempt(() => {
    const receiver = accept(transport)
    if (receiver === null) return
    transport.tell(receiver)
    transport.start(first)
  })
}
