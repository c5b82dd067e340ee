import type { Instance } from '#router/table/instance.ts'
import type { Site } from '#router/table/site.ts'
import type { HandshakeEnd } from '#router/transport/transport.ts'

/** Why a request was not answered by the app, in the codes that people know from Heroku's router. */
export const codes = {
  H10: 'App crashed',
  H11: 'Backlog too deep',
  H12: 'Request timeout',
  H13: 'Connection closed without response',
  H14: 'No web processes running',
  H15: 'Idle connection',
  H17: 'Poorly formatted HTTP response',
  H18: 'Server request interrupted',
  H19: 'Backend connection timeout',
  H21: 'Backend connection refused',
  H22: 'Connection limit reached',
  H27: 'Client request interrupted',
  H28: 'Client connection idle',
  H31: 'Misdirected request',
  H32: 'Request too large',
  H80: 'Maintenance mode',
  H99: 'Platform error',
} as const
export type HCode = keyof typeof codes

/**
 * What is known of a request when its answer has ended, or was broken off. Alive only during the
 * call: copy what you keep. Times are in milliseconds.
 */
export interface Entry {
  readonly site: Site | null
  /** The one that was asked last. */
  readonly instance: Instance | null
  readonly method: string
  /** As the client wrote it, without port. */
  readonly host: string
  /** Path and query, as the client wrote them. */
  readonly target: string
  readonly requestId: string
  readonly clientAddress: string
  readonly scheme: 'http' | 'https'
  readonly protocol: 'http/1.1' | 'http/1.0' | 'h2'
  /** 0: none was sent. 101: a tunnel, which has ended now. */
  readonly status: number
  readonly code: HCode | null
  /** 0 over a connection that was open already. */
  readonly connectMs: number
  /** From the request's head to the end of its answer, waiting included. */
  readonly serviceMs: number
  /** Of that, waiting for an instance or a slot. */
  readonly heldMs: number
  /** When it ended, as `Date.now()` says it. */
  readonly endedAt: number
  /** Written to the client for this answer. */
  readonly bytes: number
}

/** Is told what passes. On the hot path: it allocates little and puts off what can wait. */
export interface Observer {
  /** Once for each request, tunnels included. */
  ended(entry: Entry): void
  connected?(): void
  gone?(): void
  /** A TLS handshake ended. */
  handshake?(end: HandshakeEnd): void
  /** The request became a tunnel. */
  tunnelBegan?(entry: Entry): void
}

/** Tells nobody. */
export const unobserved: Observer = { ended: () => undefined }
