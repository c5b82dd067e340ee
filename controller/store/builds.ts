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
  end: Pick<BuildRow, 'status' | 'stage' | 'slug_id' | 'updated_at'> &
    Partial<Pick<BuildRow, 'inputs'>>,
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

/** Digests of the newest slugs that releases of an environment name, newest first. */
export async function newestDigests(
  db: Store,
  environmentId: string,
  count: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('slugs')
    .innerJoin('releases', 'releases.slug_id', 'slugs.id')
    .select(['slugs.digest', (column) => column.fn.max('releases.version').as('newest')])
    .where('releases.environment_id', '=', environmentId)
    .groupBy('slugs.digest')
    .orderBy('newest', 'desc')
    .limit(count)
    .execute()
  return rows.map(({ digest }) => digest)
}

export async function digestsOf(db: Store, slugIds: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('slugs')
    .select('digest')
    .where('id', 'in', [...slugIds])
    .execute()
  return rows.map(({ digest }) => digest)
}

export async function buildIdsOf(db: Store, appId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('builds')
    .innerJoin('environments', 'environments.id', 'builds.environment_id')
    .select('builds.id')
    .where('app_id', '=', appId)
    .execute()
  return rows.map((row) => row.id)
}

/** Ends the pending builds of an environment that began before a time. */
export async function cancelLostBuilds(
  db: Store,
  environmentId: string,
  before: string,
): Promise<void> {
  await db
    .updateTable('builds')
    .set({ status: 'cancelled', stage: 'lost' })
    .where('environment_id', '=', environmentId)
    .where('status', '=', 'pending')
    .where('created_at', '<', before)
    .execute()
}
