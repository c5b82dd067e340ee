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
  /** Where it begins, in the direction of `order`; null: at the end of the list. */
  readonly from: number | null
  /** Where it ends, itself included. */
  readonly to: number | null
  /** `from` itself is left out. */
  readonly after: boolean
  readonly order: 'asc' | 'desc'
  readonly max: number
}

/** At most `max` releases of an environment, by version. */
export function releasePage(
  db: Store,
  environmentId: string,
  { from, to, after, order, max }: ReleasePage,
): Promise<ReleaseRow[]> {
  const ahead = order === 'asc' ? '>' : '<'
  const back = order === 'asc' ? '<' : '>'
  let query = db.selectFrom('releases').selectAll().where('environment_id', '=', environmentId)
  if (from !== null) query = query.where('version', after ? ahead : `${ahead}=`, from)
  if (to !== null) query = query.where('version', `${back}=`, to)
  return query.orderBy('version', order).limit(max).execute()
}

/** The newest release that has code, with the size of it. */
export function newestWithCode(
  db: Store,
  environmentId: string,
): Promise<{ created_at: string; size_bytes: number; stack: string } | undefined> {
  return db
    .selectFrom('releases')
    .innerJoin('slugs', 'slugs.id', 'releases.slug_id')
    .select(['releases.created_at', 'slugs.size_bytes', 'slugs.stack'])
    .where('environment_id', '=', environmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
}
