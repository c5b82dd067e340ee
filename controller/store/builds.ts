import type { BuildRow, SlugRow, Store } from './tables.ts'

export async function insertBuild(db: Store, build: BuildRow): Promise<void> {
  await db.insertInto('builds').values(build).execute()
}

export function buildById(db: Store, id: string): Promise<BuildRow | undefined> {
  return db.selectFrom('builds').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The builds of an environment, newest first. */
export function buildsOf(db: Store, environmentId: string): Promise<BuildRow[]> {
  return db
    .selectFrom('builds')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .orderBy('created_at', 'desc')
    .limit(200)
    .execute()
}

/** Ends a pending build; false when it had ended already. */
export async function endBuild(
  db: Store,
  id: string,
  end: Pick<BuildRow, 'status' | 'stage' | 'slug_id' | 'updated_at'>,
): Promise<boolean> {
  const result = await db
    .updateTable('builds')
    .set(end)
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export async function insertSlug(db: Store, slug: SlugRow): Promise<void> {
  await db.insertInto('slugs').values(slug).execute()
}

export function slugById(db: Store, id: string): Promise<SlugRow | undefined> {
  return db.selectFrom('slugs').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Digests of the slugs that a release names: what collection must keep. */
export async function keptDigests(db: Store): Promise<string[]> {
  const rows = await db
    .selectFrom('slugs')
    .innerJoin('releases', 'releases.slug_id', 'slugs.id')
    .select('slugs.digest')
    .distinct()
    .orderBy('slugs.digest')
    .execute()
  return rows.map((row) => row.digest)
}
