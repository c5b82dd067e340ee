import type { Store } from './tables.ts'

/** What was set, as JSON; undefined: nothing yet. */
export async function edgeOf(db: Store, environmentId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('edge')
    .select('settings')
    .where('environment_id', '=', environmentId)
    .executeTakeFirst()
  return row?.settings
}

export async function keepEdge(
  db: Store,
  environmentId: string,
  settings: string,
  now: string,
): Promise<void> {
  const change = { settings, updated_at: now }
  await db
    .insertInto('edge')
    .values({ environment_id: environmentId, ...change })
    .onConflict((on) => on.column('environment_id').doUpdateSet(change))
    .execute()
}
