import type { AppRow, Store } from './tables.ts'

export async function insertApp(db: Store, app: AppRow): Promise<void> {
  await db.insertInto('apps').values(app).execute()
}

export function appById(db: Store, id: string): Promise<AppRow | undefined> {
  return db.selectFrom('apps').selectAll().where('id', '=', id).executeTakeFirst()
}

export function appByName(db: Store, name: string): Promise<AppRow | undefined> {
  return db.selectFrom('apps').selectAll().where('name', '=', name).executeTakeFirst()
}

/** The apps a user owns or works on with others, by name. */
export function appsOf(db: Store, userId: string): Promise<AppRow[]> {
  const shared = db.selectFrom('collaborators').select('app_id').where('user_id', '=', userId)
  return db
    .selectFrom('apps')
    .selectAll()
    .where((or) => or.or([or('owner_id', '=', userId), or('id', 'in', shared)]))
    .orderBy('name')
    .execute()
}

export function allApps(db: Store): Promise<AppRow[]> {
  return db.selectFrom('apps').selectAll().orderBy('name').execute()
}

export async function isCollaborator(db: Store, appId: string, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom('collaborators')
    .select('app_id')
    .where('app_id', '=', appId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row !== undefined
}

export async function touchApp(db: Store, id: string, now: string): Promise<void> {
  await db.updateTable('apps').set({ updated_at: now }).where('id', '=', id).execute()
}

export async function keepStack(db: Store, id: string, stack: string, now: string): Promise<void> {
  await db.updateTable('apps').set({ stack, updated_at: now }).where('id', '=', id).execute()
}

/** Its environments, builds, slugs, releases and all else of it go with it. */
export async function deleteApp(db: Store, id: string): Promise<void> {
  await db.deleteFrom('apps').where('id', '=', id).execute()
}
