import type { ReleaseRow, Store } from './tables.ts'

export async function insertRelease(db: Store, release: ReleaseRow): Promise<void> {
  await db.insertInto('releases').values(release).execute()
}

export function releaseById(db: Store, id: string): Promise<ReleaseRow | undefined> {
  return db.selectFrom('releases').selectAll().where('id', '=', id).executeTakeFirst()
}

export function releaseByVersion(
  db: Store,
  environmentId: string,
  version: number,
): Promise<ReleaseRow | undefined> {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .where('version', '=', version)
    .executeTakeFirst()
}

export function releaseByBuild(db: Store, buildId: string): Promise<ReleaseRow | undefined> {
  return db.selectFrom('releases').selectAll().where('build_id', '=', buildId).executeTakeFirst()
}

export function newestRelease(db: Store, environmentId: string): Promise<ReleaseRow | undefined> {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
}

export interface ReleasePage {
  /** Versions from here on, in the direction of `order`, itself included unless `after`. */
  readonly from: number | null
  readonly to: number | null
  readonly order: 'asc' | 'desc'
  readonly max: number
}

/** Releases with `from <= version <= to`, at most `max`. */
export function releasePage(
  db: Store,
  environmentId: string,
  { from, to, order, max }: ReleasePage,
): Promise<ReleaseRow[]> {
  let query = db.selectFrom('releases').selectAll().where('environment_id', '=', environmentId)
  if (from !== null) query = query.where('version', '>=', from)
  if (to !== null) query = query.where('version', '<=', to)
  return query.orderBy('version', order).limit(max).execute()
}
