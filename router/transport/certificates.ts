import type { SecureContext } from 'node:tls'

/** The certificates of the hosts we serve, as the handshake asks for them: at once and from memory. */
export interface Certificates {
  /** The context for a name in a client's hello, or for `''` when it names none; none: the handshake is refused. */
  contextFor(serverName: string): SecureContext | undefined
  /** The context that answers a challenge for the name (RFC 8737, `acme-tls/1`). */
  challengeFor(serverName: string): SecureContext | undefined
  /** A challenge may come; only then hellos are looked into. */
  readonly hasChallenges: boolean
  /** 48 bytes: what session tickets are sealed with. */
  readonly ticketKeys: Buffer
  /** Calls when the keys were changed. */
  onTicketKeys(listener: (keys: Buffer) => void): void
}
