import type { TLSSocket } from 'node:tls'
import type { Log } from '#lib/log.ts'
import type { Networks } from '#router/rules/networks.ts'
import type { Routes } from '#router/table/routes.ts'
import { openNetNetwork } from '#router/transport/net.ts'
import type {
  Accept,
  HandshakeEnd,
  Listener,
  Network,
  Source,
  TlsOptions,
  Where,
} from '#router/transport/transport.ts'
import { Clients } from './clients.ts'
import { unobserved } from './entry.ts'
import type { Observer } from './entry.ts'
import type { Shared } from './shared.ts'
import { defaultLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import { Quota } from './quota.ts'
import { Wheel } from './wheel.ts'

export interface ProxyOptions {
  /** Where plain HTTP is served. */
  readonly address: Where
  /** Where TLS is, with HTTP/2 when a client offers it. */
  readonly secure?: { readonly address: Where; readonly tls: Pick<TlsOptions, 'certificates'> }
  readonly routes: Routes
  readonly log: Log
  readonly limits?: Partial<Limits>
  /** Sockets of `node:net` unless told. */
  readonly network?: Network
  readonly observer?: Observer
  readonly trusted?: Networks
  readonly challenge?: Shared['challenge']
  /** Connections begin with the PROXY protocol. */
  readonly proxyProtocol?: boolean
}

/** The listeners for the world. */
export interface Proxy {
  readonly port: number
  /** 0 without TLS. */
  readonly securePort: number
  /** Takes no more connections, lets requests under way end, at most `graceMs`, then cuts the rest. */
  close(graceMs: number, restMs?: number): Promise<void>
}

const tickMs = 500

/** Listens and serves what `routes` holds, whatever it holds at the time of each request. */
export async function openProxy(options: ProxyOptions): Promise<Proxy> {
  const { address, secure, proxyProtocol = false } = options
  const shared = share(options)
  const quota = new Quota(shared)
  const clients = new Clients(shared, quota)
  const accept: Accept = (transport) => clients.accept(transport)
  const plain = await shared.network.listen(address, accept, { proxyProtocol })
  if (secure === undefined) return proxyOf([plain], [clients])
  // Without TLS there is no HTTP/2, and its part of the program is not loaded.
  const { openHttp2 } = await import('#router/http2/open.ts')
  const http2 = openHttp2(shared)
  const onHttp2 = (socket: TLSSocket, source: Source): void => {
    const { remoteAddress } = source
    if (!quota.take(remoteAddress)) return void socket.destroy()
    http2.onSocket(socket, source, () => quota.giveBack(remoteAddress))
  }
  const onHandshake = (end: HandshakeEnd): void => shared.observer.handshake?.(end)
  const isHttp2For = (address: string): boolean => http2.isFor(address)
  const tls = { ...secure.tls, onHttp2, isHttp2For, onHandshake }
  const over = await shared.network.listen(secure.address, accept, { proxyProtocol, tls })
  return proxyOf([plain, over], [clients, http2])
}

/** Connections of one kind. */
interface Kind {
  close(graceMs: number, restMs?: number): Promise<void>
}

function proxyOf(listeners: readonly Listener[], kinds: readonly Kind[]): Proxy {
  return {
    port: listeners[0]?.port ?? 0,
    securePort: listeners[1]?.port ?? 0,
    close: async (graceMs, restMs) => {
      for (const listener of listeners) listener.close()
      await Promise.all(kinds.map((kind) => kind.close(graceMs, restMs)))
    },
  }
}

function share(options: ProxyOptions): Shared {
  const { routes, log, limits, observer = unobserved, trusted = null } = options
  const { challenge = () => null } = options
  const onBug = (error: unknown): void => log.error('proxy.bug', error)
  const all: Limits = { ...defaultLimits, ...limits }
  const wheel = new Wheel(Math.min(tickMs, all.headMs, all.firstByteMs, all.lingerMs), onBug)
  const network = options.network ?? openNetNetwork(onBug)
  return { routes, network, wheel, limits: all, observer, trusted, challenge, onBug }
}
