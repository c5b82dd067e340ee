import type { SecureContext } from 'node:tls'
import type { HttpChallenge, TlsChallenge } from '#contract/certificate.ts'
import { contextOf } from './handshake.ts'

interface Present {
  readonly http: readonly HttpChallenge[]
  readonly tls: readonly TlsChallenge[]
}

/** What we answer to those who ask whether a host is ours. */
export class Challenges {
  #answers: ReadonlyMap<string, string> = new Map()
  #contexts: ReadonlyMap<string, SecureContext> = new Map()

  #present: Present | null = null

  /** Throws what OpenSSL has against a certificate, and leaves all as it was. */
  replace(http: readonly HttpChallenge[], tls: readonly TlsChallenge[]): void {
    const contexts = tls.map(
      ({ host, certificate, key }) => [host, contextOf({ cert: certificate, key })] as const,
    )
    const answers = http.map(({ host, token, answer }) => [keyOf(host, token), answer] as const)
    this.#present = http.length + tls.length === 0 ? null : { http, tls }
    this.#contexts = new Map(contexts)
    this.#answers = new Map(answers)
  }

  /** The body for a token of a host (any case, no port); null: it is not a challenge of ours. */
  answer(host: string, token: string): string | null {
    if (this.#answers.size === 0) return null
    return this.#answers.get(keyOf(host.toLowerCase(), token)) ?? null
  }

  contextFor(serverName: string): SecureContext | undefined {
    return this.#contexts.get(serverName.toLowerCase())
  }

  /** What was given last, for another process; null: nothing. */
  get present(): Present | null {
    return this.#present
  }

  get hasTls(): boolean {
    return this.#contexts.size > 0
  }

  get size(): number {
    return this.#answers.size + this.#contexts.size
  }
}

function keyOf(host: string, token: string): string {
  return `${host} ${token}`
}
