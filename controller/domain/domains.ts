import { failure } from '#contract/error.ts'
import { touchApp } from '#controller/store/apps.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { deleteDomain, domainsOf, insertDomain } from '#controller/store/domains.ts'
import { routesOn } from '#controller/store/routes.ts'
import type { AppRow, DomainRow, EnvironmentRow, Store } from '#controller/store/tables.ts'
import { type Claimant, type Platform, platformHost, refuseClaim } from './claim.ts'
import { readHost } from './host.ts'

export interface DomainDeps {
  readonly db: Store
  readonly now: () => Date
  readonly config: Platform
}

/** Whose domains these are, and who asks. */
export interface Place {
  readonly app: AppRow
  readonly environment: EnvironmentRow
  readonly user: Claimant['user'] & { readonly email: string }
}

const limit = 1000

/** Leads a host to an environment. Throws HOST_INVALID, HOST_RESERVED, HOST_TAKEN or DOMAINS_FULL. */
export async function addHost(
  { db, now, config }: DomainDeps,
  { app, environment, user }: Place,
  text: string,
): Promise<DomainRow> {
  const host = readHost(text)
  const at = now().toISOString()
  const isOwn = host === platformHost(config, app.name)
  return db.transaction().execute(async (trx) => {
    await refuseClaim(trx, config, { app, user }, host)
    const present = await domainsOf(trx, environment.id)
    if (present.length >= limit)
      throw failure('DOMAINS_FULL', { app: app.name, limit, what: 'domains' })
    const row = await insertDomain(trx, {
      host,
      environment_id: environment.id,
      created_at: at,
      ...(isOwn ? {} : { kind: 'custom', status: 'pending' }),
    })
    const deed = { actor: user.email, action: 'domain.add', target: app.name, detail: { host } }
    await recordDeed(trx, { at, ...deed })
    await touchApp(trx, app.id, at)
    return row
  })
}

/** A domain that was removed, and the environments that requests for it went to. */
export interface Removed {
  readonly row: DomainRow
  readonly environmentIds: readonly string[]
}

/**
 * Takes a host, and the routes on it, from an environment. Throws DOMAIN_NOT_FOUND, and DOMAIN_KEPT for
 * the one the platform gave, unless `force`.
 */
export async function removeHost(
  { db, now }: DomainDeps,
  { app, environment, user }: Place,
  named: string,
  force: boolean,
): Promise<Removed> {
  const at = now().toISOString()
  return db.transaction().execute(async (trx) => {
    const row = await findDomain(trx, app, environment, named)
    if (row.kind === 'platform' && !force) {
      throw failure('DOMAIN_KEPT', { host: row.host, app: app.name })
    }
    const routes = (await routesOn(trx, environment.id)).filter(({ host }) => host === row.host)
    await deleteDomain(trx, row.host)
    const detail = { host: row.host }
    const deed = { actor: user.email, action: 'domain.remove', target: app.name, detail }
    await recordDeed(trx, { at, ...deed })
    await touchApp(trx, app.id, at)
    const answering = routes.map((route) => route.environment_id)
    return { row, environmentIds: [...new Set([environment.id, ...answering])] }
  })
}

/** A domain of an environment by host, as people write it, or id. Throws DOMAIN_NOT_FOUND. */
export async function findDomain(
  db: Store,
  app: AppRow,
  environment: EnvironmentRow,
  named: string,
): Promise<DomainRow> {
  const rows = await domainsOf(db, environment.id)
  const host = hostOr(named)
  const row = rows.find((one) => one.id === named || one.host === host)
  if (row === undefined)
    throw failure('DOMAIN_NOT_FOUND', { host: host.slice(0, 300), app: app.name })
  return row
}

/** What cannot be a host is no domain of anybody's. */
function hostOr(text: string): string {
  try {
    return readHost(text)
  } catch {
    return text
  }
}
