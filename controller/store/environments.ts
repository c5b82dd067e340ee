import type { EnvironmentRow, Store } from './tables.ts'

/** The environment of an app that is meant when none is named. */
export const defaultEnvironment = 'production'

export async function insertEnvironment(db: Store, row: EnvironmentRow): Promise<void> {
  await db.insertInto('environments').values(row).execute()
}

export function environmentById(db: Store, id: string): Promise<EnvironmentRow | undefined> {
  return db.selectFrom('environments').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The `production` environment of an app; every app has one. */
export function environmentOf(db: Store, appId: string): Promise<EnvironmentRow> {
  return db
    .selectFrom('environments')
    .selectAll()
    .where('app_id', '=', appId)
    .where('name', '=', defaultEnvironment)
    .executeTakeFirstOrThrow()
}

export function allEnvironments(db: Store): Promise<EnvironmentRow[]> {
  return db.selectFrom('environments').selectAll().orderBy('id').execute()
}

export async function takenSubnets(db: Store): Promise<string[]> {
  const rows = await db.selectFrom('environments').select('subnet').execute()
  return rows.map((row) => row.subnet)
}

export function environmentNamed(
  db: Store,
  app: string,
  name: string,
): Promise<Pick<EnvironmentRow, 'id' | 'created_at'> | undefined> {
  return db
    .selectFrom('environments')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .select(['environments.id', 'environments.created_at'])
    .where('apps.name', '=', app)
    .where('environments.name', '=', name)
    .executeTakeFirst()
}
