import { createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { handshake } from '#router/tls/handshake.ts'
import type { Certificates } from './certificates.ts'

/**
 * The context a handshake begins with: that of clients which name no host, or an empty one. Its
 * versions, ciphers and ticket keys count for all of it; the certificate changes with the name.
 */
export class Bases {
  readonly #certificates: Certificates
  readonly #empty = createSecureContext(handshake)
  #current = this.#empty
  #keys: Buffer

  constructor(certificates: Certificates) {
    this.#certificates = certificates
    this.#keys = certificates.ticketKeys
    this.#use(this.#empty)
    certificates.onTicketKeys((keys) => {
      this.#keys = keys
      this.#use(this.#current)
    })
  }

  next(): SecureContext {
    const context = this.#certificates.contextFor('') ?? this.#empty
    if (context !== this.#current) this.#use(context)
    return context
  }

  /** As `tls.Server.setTicketKeys` does. */
  #use(context: SecureContext): void {
    this.#current = context
    const { context: native } = context as { context: { setTicketKeys(keys: Buffer): void } }
    native.setTicketKeys(this.#keys)
  }
}
