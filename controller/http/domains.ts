import { addDomain, checkDomain, type Domain, getDomain } from '#contract/domain.ts'
import { listDomains, removeDomain } from '#contract/domain.ts'
import type { DomainCheck } from '#contract/domain.ts'
import { domainCertificates, noCertificate } from '#controller/certificate/domain-view.ts'
import type { DomainCertificate } from '#controller/certificate/domain-view.ts'
import { checkHost } from '#controller/domain/check.ts'
import { platformHost } from '#controller/domain/claim.ts'
import { addHost, findDomain, removeHost } from '#controller/domain/domains.ts'
import { domainsOf, setDomainStatus } from '#controller/store/domains.ts'
import { environmentOf } from '#controller/store/environments.ts'
import type { AppRow, DomainRow } from '#controller/store/tables.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveDomains(http: Http, deps: Deps): void {
  const { db, config, now, lookUp, kick } = deps
  const { acme } = deps.certificates
  const viewFor = async (app: AppRow): Promise<(row: DomainRow) => Domain> => {
    const certificates = await domainCertificates({ db, now, acme }, app)
    const cname = platformHost(config, app.name)
    return (row) => domainOf(app, row, { cname, certificates })
  }
  const show = async (app: AppRow, row: DomainRow): Promise<Domain> => (await viewFor(app))(row)

  serve(http, listDomains, async ({ app }) => {
    const rows = await domainsOf(db, (await environmentOf(db, app.id)).id)
    return rows.map(await viewFor(app))
  })

  serve(http, addDomain, async ({ app, user, body }) => {
    const environment = await environmentOf(db, app.id)
    const row = await addHost(deps, { app, environment, user }, body.hostname)
    kick(environment.id)
    return show(app, row)
  })

  serve(http, getDomain, async ({ app, param }) => {
    const environment = await environmentOf(db, app.id)
    return show(app, await findDomain(db, app, environment, param('domain')))
  })

  serve(http, removeDomain, async ({ app, user, param, query }) => {
    const place = { app, environment: await environmentOf(db, app.id), user }
    const removed = await removeHost(deps, place, param('domain'), query.force ?? false)
    for (const id of removed.environmentIds) kick(id)
    return show(app, removed.row)
  })

  serve(http, checkDomain, async ({ app, param }) => {
    const environment = await environmentOf(db, app.id)
    const row = await findDomain(db, app, environment, param('domain'))
    const checked = await checkHost(lookUp, config, app.name, row.host)
    const status = statusBy[checked.verdict] ?? row.status
    if (status !== row.status) await setDomainStatus(db, row.host, status, now().toISOString())
    return { domain: await show(app, { ...row, status }), ...checked }
  })
}

/** What a look at DNS makes of a domain; it stays as it is when nothing was learned. */
const statusBy: Partial<Record<DomainCheck['verdict'], DomainRow['status']>> = {
  here: 'succeeded',
  partly: 'failed',
  elsewhere: 'failed',
  nowhere: 'failed',
}

interface Shown {
  /** Where hosts of the app's own should point. */
  readonly cname: string
  readonly certificates: ReadonlyMap<string, DomainCertificate>
}

function domainOf(app: AppRow, row: DomainRow, { cname, certificates }: Shown): Domain {
  return {
    id: row.id,
    app: { id: app.id, name: app.name },
    hostname: row.host,
    kind: row.kind,
    cname: row.kind === 'platform' ? null : cname,
    status: row.status,
    ...(certificates.get(row.host) ?? noCertificate),
    created_at: row.created_at,
    updated_at: row.updated_at,
  }
}
