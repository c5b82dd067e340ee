import type { Domain } from '#contract/domain.ts'
import type { AppRow } from '#controller/store/tables.ts'
import { certificatesOf, nameOf, standingOf } from './view.ts'
import type { ViewDeps } from './view.ts'

/** What a domain says of its certificate. */
export type DomainCertificate = Pick<Domain, 'sni_endpoint' | 'acm_status' | 'acm_status_reason'>

export const noCertificate: DomainCertificate = {
  sni_endpoint: null,
  acm_status: null,
  acm_status_reason: null,
}

/** Heroku's words; a host with a certificate of its owner's, or with none, has no status there. */
const statuses: ReadonlyMap<string, Domain['acm_status']> = new Map([
  ['ok', 'cert issued'],
  ['pending', 'pending'],
  ['failing', 'failing'],
])

/** Of each host of an app. */
export async function domainCertificates(
  deps: ViewDeps,
  app: AppRow,
): Promise<ReadonlyMap<string, DomainCertificate>> {
  const all = await certificatesOf(deps, app)
  const standings = await standingOf(deps, app, all)
  return new Map(
    standings.map(({ hostname, acm_status, acm_status_reason }) => {
      const row = all.used.get(hostname)
      const status = statuses.get(acm_status) ?? null
      const shown: DomainCertificate = {
        sni_endpoint: row === undefined ? null : { id: row.id, name: nameOf(row) },
        acm_status: status,
        acm_status_reason: status === null ? null : acm_status_reason,
      }
      return [hostname, shown] as const
    }),
  )
}
