/**
 * A connection as the proxy needs it, so that the same code can run over `net` sockets and over
 * something faster. After `close` or `abort` nothing is reported any more and writing does nothing.
 */
export interface Transport {
  readonly remoteAddress: string
  readonly localPort: number
  /** More was written than the other side takes now: hold back until `onDrained`. */
  readonly isCongested: boolean
  /** Everything written has left this process. */
  readonly isFlushed: boolean
  /** Latin-1: one byte for each character. */
  writeText(text: string): void
  /** The span may be part of what `onBytes` was given; it is copied if it has to be kept. */
  writeBytes(bytes: Buffer, start: number, end: number): void
  pause(): void
  resume(): void
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
  /** Gone, by an error or in peace. Comes once, last, and not when we closed it. */
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

export interface Listener {
  readonly port: number
  /** Takes no more connections; those that are open stay. */
  close(): void
}

/** Where connections come from. */
export interface Network {
  connect(address: Address, receiver: ConnectReceiver): Transport
  /** Rejects with the system's error when the address cannot be listened on. */
  listen(address: Address, accept: (transport: Transport) => Receiver | null): Promise<Listener>
}
