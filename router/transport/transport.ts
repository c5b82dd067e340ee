import type { TLSSocket } from 'node:tls'
import type { Certificates } from './certificates.ts'

/** Where a connection comes from, and the port it was made to. */
export interface Source {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localPort: number
}

/**
 * A connection as the proxy needs it, so that the same code can run over `net` sockets and over
 * something faster. After `close` or `abort` nothing is reported any more and writing does nothing.
 */
export interface Transport extends Source {
  /** It came over TLS. */
  readonly isSecure: boolean
  /** It is one stream of an HTTP/2 connection, told as HTTP/1.1. */
  readonly isHttp2?: boolean
  /** The host the client named in its TLS hello, in lower case; `''` without. */
  readonly serverName: string
  /** More was written than the other side takes now: hold back until `onDrained`. */
  readonly isCongested: boolean
  /** Everything written has left this process. */
  readonly isFlushed: boolean
  /** Latin-1: one byte for each character. */
  writeText(text: string): void
  /**
   * The span may be part of what `onBytes` was given, which is copied if it has to be kept; other
   * bytes must stay as they are until `onDrained` when this congests the connection.
   */
  writeBytes(bytes: Buffer, start: number, end: number): void
  /** A text and then bytes, as one where that is cheaper. */
  writeJoined(text: string, bytes: Buffer, start: number, end: number): void
  pause(): void
  resume(): void
  /** A hint that a message has ended, and what comes next will be small: it gives large buffers back. */
  rest(): void
  /** Says that we write no more, after all that was written. */
  shutDown(): void
  close(): void
  /** Closes so that the other side sees an error and not an end (RST). */
  abort(): void
}

/** Who is told what happens on a connection. Whatever it throws ends that connection only. */
export interface Receiver {
  /** The bytes are lent for the time of the call. */
  onBytes(bytes: Buffer): void
  /** The other side writes no more. */
  onEnd(): void
  onDrained(): void
  /** Gone, by an error or in peace. Comes once, last, never inside a call of ours, and not when we closed it. */
  onClosed(): void
}

/** For a connection that we open: until it is connected, `onClosed` means that it could not be. */
export interface ConnectReceiver extends Receiver {
  onConnected(): void
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** An address, or a socket that listens already and was inherited. */
export type Where = Address | { readonly fd: number }

export interface ListenOptions {
  /** Connections are TLS; only those whose handshake is done are accepted. */
  readonly tls?: TlsOptions
  /** Every connection begins with who it comes from (PROXY protocol 1 or 2); others are closed. */
  readonly proxyProtocol?: boolean
  /** How long each of the two may take; 10 s unless told. */
  readonly deadlineMs?: number
}

export interface TlsOptions {
  readonly certificates: Certificates
  /** Takes the connections that chose `h2`, which is offered only with this. */
  readonly onHttp2?: (socket: TLSSocket, source: Source) => void
  /** Whether a client from there is offered it; everyone is, unless told. */
  readonly isHttp2For?: (address: string) => boolean
  /** Hears how each handshake ended. */
  readonly onHandshake?: (end: HandshakeEnd) => void
}

export type HandshakeEnd = 'full' | 'resumed' | 'failed'

export interface Listener {
  readonly port: number
  /** Takes no more connections; those that are open stay. */
  close(): void
}

/** Gives the receiver of a new connection, or null when it has closed it. */
export type Accept = (transport: Transport) => Receiver | null

/** Where connections come from. */
export interface Network {
  connect(address: Address, receiver: ConnectReceiver): Transport
  /** Rejects with the system's error when the address cannot be listened on. */
  listen(where: Where, accept: Accept, options?: ListenOptions): Promise<Listener>
}
