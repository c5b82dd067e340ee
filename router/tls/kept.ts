import type { ServedCertificate } from '#contract/certificate.ts'

/** A certificate as it is held in memory: all but chain and key, which lie on the disk. */
export interface Kept {
  readonly id: string
  readonly hosts: readonly string[]
  readonly issuer: string
  /** RFC 3339, UTC. */
  readonly not_after: string
  readonly automatic: boolean
}

export function keptOf({ id, hosts, issuer, not_after, automatic }: ServedCertificate): Kept {
  return { id, hosts, issuer, not_after, automatic }
}
