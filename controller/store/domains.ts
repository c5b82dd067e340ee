import type { DomainRow, Store } from './tables.ts'

export async function insertDomain(db: Store, domain: DomainRow): Promise<void> {
  await db.insertInto('domains').values(domain).execute()
}

export async function hostsOf(db: Store, environmentId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('domains')
    .select('host')
    .where('environment_id', '=', environmentId)
    .orderBy('host')
    .execute()
  return rows.map((row) => row.host)
}

/** Every host name and the environment it leads to. */
export function allDomains(db: Store): Promise<DomainRow[]> {
  return db.selectFrom('domains').selectAll().orderBy('host').execute()
}
