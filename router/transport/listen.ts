import net from 'node:net'
import type { Socket } from 'node:net'
import type { Arrival } from './arrival.ts'
import { greet } from './greet.ts'
import { sourceOf } from './source.ts'
import type { Listener, ListenOptions, Source, Where } from './transport.ts'

const backlog = 4096

/** Listens with a server. Rejects with the system's error when it cannot. */
export function listenWith(
  server: net.Server,
  where: Where,
  onError: (error: unknown) => void,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, backlog }, () => {
      // From here on an error is a connection that could not be accepted: the next one may be.
      server.off('error', reject).on('error', onError)
      resolve({ port: (server.address() as net.AddressInfo).port, close: () => server.close() })
    })
  })
}

/** Listens for sockets; each arrives when its PROXY preamble and its TLS handshake are behind it. */
export async function listenArrivals(
  where: Where,
  { tls, proxyProtocol = false, deadlineMs = 10_000 }: ListenOptions,
  arrive: (arrival: Arrival) => void,
  onError: (error: unknown) => void,
): Promise<Listener> {
  // Loaded only where there is TLS: it takes 6 MiB.
  const secure = tls === undefined ? null : await import('./secure.ts')
  const handshakes =
    tls === undefined || secure === null
      ? null
      : secure.openHandshakes(secure.openCommon(tls, deadlineMs), arrive, onError)
  const go = (tcp: Socket, source: Source): void => {
    if (handshakes) return handshakes.begin(tcp, source)
    arrive({ socket: tcp, tcp, source, isSecure: false, serverName: '' })
  }
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (tcp) => {
    // 'close' follows every error and says all that we need.
    tcp.on('error', () => undefined)
    if (proxyProtocol) greet(tcp, deadlineMs, go)
    else go(tcp, sourceOf(tcp))
  })
  return await listenWith(server, where, onError)
}
