import type { Peer } from '#contract/call.ts'
import type { AcmeSettings } from '#controller/certificate/settings.ts'
import type { News } from '#controller/deploy/news.ts'
import type { LookUp } from '#controller/domain/check.ts'
import type { Vault } from '#controller/seal.ts'
import type { Store } from '#controller/store/tables.ts'
import type { Config } from '#controller/config.ts'
import type { Log } from '#lib/log.ts'

/** What the handlers work on. Everything is opened, and closed, by whoever starts the server. */
export interface Deps {
  readonly db: Store
  readonly vault: Vault
  readonly log: Log
  readonly now: () => Date
  readonly config: Config
  /** Folder of what builds printed. */
  readonly outputs: string
  readonly internalToken: string
  readonly setupSecret: string
  /** Told the id of a build when it printed something or ended. */
  readonly news: News
  /** Wakes the loop that brings an environment, or all of them, to what is wanted. */
  readonly kick: (environmentId?: string) => void
  /** How automatic certificates are had (null: not at all), and what wakes the loop that does it. */
  readonly certificates: { readonly acme: AcmeSettings | null; readonly kick: () => void }
  /** Subnets of this host that are not ours to give. */
  readonly foreignSubnets: (signal: AbortSignal) => Promise<string[]>
  /** Asks DNS. */
  readonly lookUp: LookUp
  readonly router: Peer
  readonly builder: Peer
}
