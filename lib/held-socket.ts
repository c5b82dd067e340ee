import net from 'node:net'

/**
 * A TCP socket that this process keeps for others to listen on. It is bound, yet takes no connection
 * here; once one of them has listened, what connects waits in its backlog while none of them lives.
 */
export interface HeldSocket {
  /** Ours to hand over to a process we start; not to be closed but by `close`. */
  readonly fd: number
  readonly port: number
  close(): void
}

/** Throws the system's error when the address cannot be had. `host` is an IP address. */
export function holdSocket({ host, port }: { host: string; port: number }): HeldSocket {
  const bound = new net.BoundSocket({ host, port })
  return { fd: bound.fd(), port: bound.address().port, close: () => bound.close() }
}
