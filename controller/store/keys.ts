import type { KeyRow, Store, UserRow } from './tables.ts'

export async function insertKey(db: Store, key: KeyRow): Promise<void> {
  await db.insertInto('ssh_keys').values(key).execute()
}

export function keysOf(db: Store, userId: string): Promise<KeyRow[]> {
  return db
    .selectFrom('ssh_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute()
}

export function keyByFingerprint(db: Store, fingerprint: string): Promise<KeyRow | undefined> {
  return db
    .selectFrom('ssh_keys')
    .selectAll()
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst()
}

/** Whose key has this fingerprint (`SHA256:…`). */
export function userByKey(db: Store, fingerprint: string): Promise<UserRow | undefined> {
  return db
    .selectFrom('ssh_keys')
    .innerJoin('users', 'users.id', 'ssh_keys.user_id')
    .selectAll('users')
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst()
}

export async function deleteKey(db: Store, id: string): Promise<void> {
  await db.deleteFrom('ssh_keys').where('id', '=', id).execute()
}
