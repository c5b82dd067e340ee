import type { Store, UserRow } from './tables.ts'

export async function insertUser(db: Store, user: UserRow): Promise<void> {
  await db.insertInto('users').values(user).execute()
}

export function userById(db: Store, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Emails differ in more than case. */
export function userByEmail(db: Store, email: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
}

export async function hasUsers(db: Store): Promise<boolean> {
  const row = await db.selectFrom('users').select('id').limit(1).executeTakeFirst()
  return row !== undefined
}
