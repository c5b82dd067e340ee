import type { Store, TokenRow, UserRow } from './tables.ts'

export async function insertToken(db: Store, token: TokenRow): Promise<void> {
  await db.insertInto('tokens').values(token).execute()
}

/** Whose token has this hash, unless it has expired by `now`. */
export function userByToken(
  db: Store,
  hash: string,
  now: string,
): Promise<(UserRow & { token_id: string }) | undefined> {
  return db
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.user_id')
    .selectAll('users')
    .select('tokens.id as token_id')
    .where('tokens.hash', '=', hash)
    .where('tokens.expires_at', '>', now)
    .executeTakeFirst()
}

export async function deleteToken(db: Store, id: string): Promise<void> {
  await db.deleteFrom('tokens').where('id', '=', id).execute()
}
