import type { Peer } from '#contract/call.ts'
import type { Logs } from '#controller/logs/logs.ts'
import type { Vault } from '#controller/seal.ts'
import type { Store } from '#controller/store/tables.ts'
import type { Log } from '#lib/log.ts'
import type { Random } from './due.ts'
import type { Reach } from './preflight.ts'
import type { AcmeSettings } from './settings.ts'

/** What certificates need of the rest of the controller. */
export interface CertificateDeps {
  readonly db: Store
  readonly vault: Pick<Vault, 'sealText' | 'unsealText'>
  readonly router: Peer
  readonly logs: Pick<Logs, 'event'>
  readonly log: Log
  readonly now: () => Date
  /** Null: none are automatic. */
  readonly acme: AcmeSettings | null
  /** The world, unless a test has its own. */
  readonly reach?: Reach
  readonly random?: Random
}

/** Where the key of a certificate is kept, for the seal. */
export function placeOf(certificateId: string): string {
  return `certificate:${certificateId}`
}
