/** Where a copy is reached from the host. */
export interface Address {
  readonly host: string
  readonly port: number
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
}

/** Why a socket came to nothing, in words a pusher reads. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  return words[error.code ?? ''] ?? error.code ?? error.message
}
