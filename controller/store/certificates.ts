import type { AcmeAccountRow, AutomaticNameRow, CertificateRow, Store } from './tables.ts'

/** A certificate without its chain and key: what lists and decisions need. */
export type CertificateHead = Omit<CertificateRow, 'chain' | 'key'>

const head = [
  'id',
  'app_id',
  'name',
  'names',
  'digest',
  'subject',
  'issuer',
  'self_signed',
  'starts_at',
  'expires_at',
  'created_at',
  'updated_at',
] as const

/** A host, the environment it leads to, and whose it is. */
export interface OwnedHost {
  readonly host: string
  readonly environment_id: string
  readonly app_id: string
  readonly app: string
  readonly owner_id: string
}

export function ownedHosts(db: Store): Promise<OwnedHost[]> {
  return db
    .selectFrom('domains')
    .innerJoin('environments', 'environments.id', 'domains.environment_id')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .select(['host', 'environment_id', 'app_id', 'apps.name as app', 'owner_id'])
    .orderBy('host')
    .execute()
}

/** Is another one after whatever changes which certificate is used for which host, or wanted. */
export async function certificateGeneration(db: Store): Promise<number> {
  const row = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', 'certificates')
    .executeTakeFirstOrThrow()
  return row.value
}

export async function hostsOfApp(db: Store, appId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('domains')
    .innerJoin('environments', 'environments.id', 'domains.environment_id')
    .select('host')
    .where('app_id', '=', appId)
    .orderBy('host')
    .execute()
  return rows.map((row) => row.host)
}

export function certificateHeads(db: Store): Promise<CertificateHead[]> {
  return db.selectFrom('certificates').select(head).orderBy('created_at').execute()
}

/** The certificates an app may use: its own, and automatic ones of these names. */
export function certificatesFor(
  db: Store,
  appId: string,
  names: readonly string[],
): Promise<CertificateRow[]> {
  return db
    .selectFrom('certificates')
    .selectAll()
    .where((or) =>
      names.length === 0
        ? or('app_id', '=', appId)
        : or.or([or('app_id', '=', appId), or('name', 'in', names)]),
    )
    .orderBy('created_at')
    .execute()
}

export function certificateById(db: Store, id: string): Promise<CertificateRow | undefined> {
  return db.selectFrom('certificates').selectAll().where('id', '=', id).executeTakeFirst()
}

export function certificateByName(db: Store, name: string): Promise<CertificateRow | undefined> {
  return db.selectFrom('certificates').selectAll().where('name', '=', name).executeTakeFirst()
}

export async function insertCertificate(db: Store, row: CertificateRow): Promise<void> {
  await db.insertInto('certificates').values(row).execute()
}

/** What a certificate is, without whose it is. */
export async function updateCertificate(db: Store, row: CertificateRow): Promise<void> {
  const { id, app_id: _, name: __, created_at: ___, ...rest } = row
  await db.updateTable('certificates').set(rest).where('id', '=', id).execute()
}

export async function deleteCertificate(db: Store, id: string): Promise<void> {
  await db.deleteFrom('certificates').where('id', '=', id).execute()
}

/** Automatic ones only: people look after their own. */
export async function deleteExpired(db: Store, now: string): Promise<void> {
  await db
    .deleteFrom('certificates')
    .where('name', 'is not', null)
    .where('expires_at', '<', now)
    .execute()
}

export async function countOwn(db: Store, appId: string): Promise<number> {
  const row = await db
    .selectFrom('certificates')
    .select((of) => of.fn.countAll<number>().as('count'))
    .where('app_id', '=', appId)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export function automaticNames(db: Store): Promise<AutomaticNameRow[]> {
  return db.selectFrom('automatic_names').selectAll().execute()
}

export async function automaticNamesAmong(
  db: Store,
  names: readonly string[],
): Promise<AutomaticNameRow[]> {
  if (names.length === 0) return []
  return await db.selectFrom('automatic_names').selectAll().where('name', 'in', names).execute()
}

/** Whether there is a name to be asked for, or about. */
export async function isSomeDue(db: Store, now: string): Promise<boolean> {
  const row = await db
    .selectFrom('automatic_names')
    .select('name')
    .where((or) => or.or([or('due_at', '<=', now), or('look_at', '<=', now)]))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export async function putAutomaticName(db: Store, row: AutomaticNameRow): Promise<void> {
  const { name: _, ...rest } = row
  await db
    .insertInto('automatic_names')
    .values(row)
    .onConflict((on) => on.column('name').doUpdateSet(rest))
    .execute()
}

export async function deleteAutomaticName(db: Store, name: string): Promise<void> {
  await db.deleteFrom('automatic_names').where('name', '=', name).execute()
}

/** Names that failed are due now. */
export async function tryAgain(db: Store, names: readonly string[], now: string): Promise<void> {
  if (names.length === 0) return
  await db
    .updateTable('automatic_names')
    .set({ due_at: now })
    .where('failure', 'is not', null)
    .where('name', 'in', names)
    .execute()
}

export async function insertOrder(
  db: Store,
  order: { readonly owner_id: string; readonly name: string; readonly at: string },
): Promise<void> {
  await db.insertInto('certificate_orders').values(order).execute()
}

/** When certificates of a name were made since a time, oldest first. */
export async function ordersOfName(db: Store, name: string, since: string): Promise<string[]> {
  const rows = await ordersAfter(db, since).where('name', '=', name).execute()
  return rows.map((row) => row.at)
}

/** When the first certificates of an owner's names were made since a time, oldest first. */
export async function ordersOfOwner(db: Store, ownerId: string, since: string): Promise<string[]> {
  const rows = await ordersAfter(db, since).where('owner_id', '=', ownerId).execute()
  return rows.map((row) => row.at)
}

function ordersAfter(db: Store, since: string) {
  return db.selectFrom('certificate_orders').select('at').where('at', '>', since).orderBy('at')
}

export async function forgetOrders(db: Store, before: string): Promise<void> {
  await db.deleteFrom('certificate_orders').where('at', '<', before).execute()
}

export function acmeAccount(db: Store, directory: string): Promise<AcmeAccountRow | undefined> {
  return db
    .selectFrom('acme_accounts')
    .selectAll()
    .where('directory', '=', directory)
    .executeTakeFirst()
}

export async function putAcmeAccount(db: Store, row: AcmeAccountRow): Promise<void> {
  const { url, key } = row
  await db
    .insertInto('acme_accounts')
    .values(row)
    .onConflict((on) => on.column('directory').doUpdateSet({ url, key }))
    .execute()
}

export async function isManual(db: Store, appId: string): Promise<boolean> {
  const row = await db
    .selectFrom('manual_certificates')
    .select('app_id')
    .where('app_id', '=', appId)
    .executeTakeFirst()
  return row !== undefined
}

export async function manualApps(db: Store): Promise<Set<string>> {
  const rows = await db.selectFrom('manual_certificates').select('app_id').execute()
  return new Set(rows.map((row) => row.app_id))
}

export async function setManual(
  db: Store,
  appId: string,
  manual: { readonly since: string } | null,
): Promise<void> {
  if (manual === null) {
    await db.deleteFrom('manual_certificates').where('app_id', '=', appId).execute()
    return
  }
  await db
    .insertInto('manual_certificates')
    .values({ app_id: appId, created_at: manual.since })
    .onConflict((on) => on.column('app_id').doNothing())
    .execute()
}
