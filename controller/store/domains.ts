import { randomUUID } from 'node:crypto'
import type { DomainRow, Store } from './tables.ts'

type NewDomain = Pick<DomainRow, 'host' | 'environment_id' | 'created_at'> & Partial<DomainRow>

/** Adds a host; without a kind it is one the platform gives. */
export async function insertDomain(db: Store, domain: NewDomain): Promise<DomainRow> {
  const usual = { id: randomUUID(), kind: 'platform', status: 'succeeded' } as const
  const row = { ...usual, updated_at: domain.created_at, ...domain }
  await db.insertInto('domains').values(row).execute()
  return row
}

export async function hostsOf(db: Store, environmentId: string): Promise<string[]> {
  return (await domainsOf(db, environmentId)).map((row) => row.host)
}

/** By host. */
export function domainsOf(db: Store, environmentId: string): Promise<DomainRow[]> {
  return db
    .selectFrom('domains')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .orderBy('host')
    .execute()
}

/** Every host name and the environment it leads to. */
export function allDomains(db: Store): Promise<DomainRow[]> {
  return db.selectFrom('domains').selectAll().orderBy('host').execute()
}

/** A host, and whose it is. */
export interface Claim {
  readonly host: string
  readonly app_id: string
  readonly app: string
}

/** The claims on any of these hosts. */
export function claimsOn(db: Store, hosts: readonly string[]): Promise<Claim[]> {
  return claims(db)
    .where('host', 'in', [...hosts])
    .orderBy('host')
    .execute()
}

/** The claims on hosts one label below `name`: what `*.name` stands for. */
export function claimsBelow(db: Store, name: string): Promise<Claim[]> {
  const below = `%.${escaped(name)}`
  return claims(db)
    .where((or) => or('host', 'like', or.val(below)))
    .execute()
    .then((rows) => rows.filter(({ host }) => host.split('.', 1)[0] === label(host, name)))
}

/** What stands before `.name`. */
function label(host: string, name: string): string {
  return host.slice(0, host.length - name.length - 1)
}

/** A host has no `%`, and `_` is refused; but a pattern is never made of text as it comes. */
function escaped(name: string): string {
  return name.replaceAll(/[%_]/g, '')
}

function claims(db: Store) {
  return db
    .selectFrom('domains')
    .innerJoin('environments', 'environments.id', 'domains.environment_id')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .select(['domains.host', 'apps.id as app_id', 'apps.name as app'])
}

export async function setDomainStatus(
  db: Store,
  host: string,
  status: DomainRow['status'],
  now: string,
): Promise<void> {
  await db
    .updateTable('domains')
    .set({ status, updated_at: now })
    .where('host', '=', host)
    .execute()
}

/** Its routes go with it. */
export async function deleteDomain(db: Store, host: string): Promise<void> {
  await db.deleteFrom('domains').where('host', '=', host).execute()
}
