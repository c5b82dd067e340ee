import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Source } from './transport.ts'

/** A connection that was accepted, with all that had to come before its first byte. */
export interface Arrival {
  /** What is read and written: `tcp` itself, or the TLS over it. */
  readonly socket: Socket | TLSSocket
  readonly tcp: Socket
  readonly source: Source
  readonly isSecure: boolean
  readonly serverName: string
}
