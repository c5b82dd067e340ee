import type { Socket } from 'node:net'
import type { Source } from './transport.ts'

/** An IPv4 address as it is, also where the socket speaks of it in IPv6. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}

export function sourceOf(socket: Socket): Source {
  const { remoteAddress, remotePort = 0, localPort = 0 } = socket
  return { remoteAddress: plainAddress(remoteAddress), remotePort, localPort }
}
