import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import type { ServedCertificate } from '#contract/certificate.ts'
import type { Log } from '#lib/log.ts'
import type { Certificates } from '#router/transport/certificates.ts'
import { ByHost } from './by-host.ts'
import { Challenges } from './challenges.ts'
import type { TlsConfig } from './config.ts'
import { Contexts } from './contexts.ts'
import { CertificateFolder } from './folder.ts'
import { contextOf } from './handshake.ts'
import { keptOf } from './kept.ts'
import type { Kept } from './kept.ts'
import { TicketKey } from './ticket-key.ts'

export interface TlsOptions extends TlsConfig {
  /** One process writes the folder; others on the same folder read what it has written. */
  readonly isKeeper: boolean
  readonly log: Log
}

/** What is known of a certificate without looking into it. */
export interface CertificateInfo {
  readonly names: readonly string[]
  /** RFC 3339, UTC. */
  readonly not_after: string
  readonly issuer: string
  readonly automatic: boolean
}

/**
 * The certificates of the hosts we serve, from the disk first: the handshakes' side of it, and the
 * controller's. `close()` ends it.
 */
export async function openTls(options: TlsOptions): Promise<Tls> {
  const folder = new CertificateFolder(options.folder)
  const kept = await folder.open(options.isKeeper)
  const { folder: path, isKeeper, log, selfSignedFor } = options
  const ticketKey = new TicketKey({ path: join(path, 'tickets.key'), isKeeper, log })
  await ticketKey.open()
  // Loaded only here: making certificates takes 4 MiB.
  const { openFallback } = selfSignedFor === null ? noFallback : await import('./fallback.ts')
  const fallback = await openFallback(path, selfSignedFor ?? '')
  return new Tls(options, { folder, kept, ticketKey, fallback })
}

const noFallback = { openFallback: () => Promise.resolve(undefined) }

interface Parts {
  readonly folder: CertificateFolder
  readonly kept: readonly Kept[]
  readonly ticketKey: TicketKey
  readonly fallback: SecureContext | undefined
}

/** Made by `openTls`. */
export class Tls implements Certificates {
  readonly #options: TlsOptions
  readonly #parts: Parts
  readonly #byHost = new ByHost()
  readonly #contexts: Contexts
  readonly #challenges = new Challenges()
  readonly #unusable = new Set<string>()
  #isWriting: boolean
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: TlsOptions, parts: Parts) {
    this.#options = options
    this.#parts = parts
    this.#isWriting = options.isKeeper
    for (const kept of parts.kept) this.#byHost.put(kept)
    this.#contexts = new Contexts(options.contexts, (id) => this.#make(id))
  }

  contextFor(serverName: string): SecureContext | undefined {
    const kept = this.#byHost.find(serverName)
    const context = kept === undefined ? undefined : this.#contexts.get(kept.id)
    return context ?? this.#parts.fallback
  }

  challengeFor(serverName: string): SecureContext | undefined {
    return this.#challenges.contextFor(serverName)
  }

  get hasChallenges(): boolean {
    return this.#challenges.hasTls
  }

  get ticketKeys(): Buffer {
    return this.#parts.ticketKey.current
  }

  onTicketKeys(listener: (keys: Buffer) => void): void {
    this.#parts.ticketKey.onChange(listener)
  }

  /**
   * The body to answer a request for `/.well-known/acme-challenge/TOKEN` with, before all rules;
   * null: it is an ordinary one. `host` has no port.
   */
  challengeAnswer(host: string, token: string): string | null {
    return this.#challenges.answer(host, token)
  }

  /** What would answer for a host; null: nothing, or what we signed ourselves. */
  certificateOf(host: string): CertificateInfo | null {
    const kept = this.#byHost.find(host)
    return kept === undefined ? null : infoOf(kept)
  }

  /** Of all certificates, for the metrics. */
  *certificates(): Generator<CertificateInfo> {
    for (const kept of this.#byHost.all()) yield infoOf(kept)
  }

  get challenges(): Challenges {
    return this.#challenges
  }

  get ids(): string[] {
    return this.#byHost.ids()
  }

  get digest(): string {
    return this.#byHost.digest
  }

  /** Serves them when they are on the disk. */
  put(certificates: readonly ServedCertificate[]): Promise<void> {
    return this.#inTurn(async () => {
      const fresh = certificates.filter(({ id }) => !this.#byHost.has(id))
      if (this.#isWriting) await this.#parts.folder.put(fresh)
      for (const one of fresh) this.#byHost.put(keptOf(one))
    })
  }

  remove(ids: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const known = ids.filter((id) => this.#byHost.has(id))
      for (const id of known) {
        this.#byHost.remove(id)
        this.#contexts.forget(id)
        this.#unusable.delete(id)
      }
      if (this.#isWriting) await this.#parts.folder.remove(known)
    })
  }

  /** Takes over what the keeper of the folder has written meanwhile. */
  reread(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#options.isKeeper) return
      const kept = await this.#parts.folder.open(false)
      const ids = new Set(kept.map(({ id }) => id))
      for (const id of this.ids) if (!ids.has(id)) this.#byHost.remove(id)
      for (const one of kept) this.#byHost.put(one)
    })
  }

  /** Writes nothing from here on; what is there is served all the same. */
  async close(): Promise<void> {
    this.#isWriting = false
    this.#parts.ticketKey.close()
    await this.#inTurn(() => this.#parts.folder.close())
  }

  /** What cannot be used is said once; its hosts have none then. */
  #make(id: string): SecureContext | undefined {
    if (this.#unusable.has(id)) return undefined
    try {
      return contextOf(this.#parts.folder.read(id))
    } catch (error) {
      this.#unusable.add(id)
      this.#options.log.error('tls.certificate_unusable', error, { id })
      return undefined
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    await mine
  }
}

function infoOf({ hosts, not_after, issuer, automatic }: Kept): CertificateInfo {
  return { names: hosts, not_after, issuer, automatic }
}
