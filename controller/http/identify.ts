import { hashToken } from '#controller/member/secret.ts'
import { isSameSecret } from '#lib/same-secret.ts'
import { userByToken } from '#controller/store/tokens.ts'
import type { Deps } from './deps.ts'
import type { Actor } from './actor.ts'

/** Whose token this is; nobody's when it is unknown, revoked or expired. */
export async function identify(
  { db, internalToken, now }: Pick<Deps, 'db' | 'internalToken' | 'now'>,
  token: string,
): Promise<Actor> {
  if (isSameSecret(token, internalToken)) return { kind: 'program' }
  const row = await userByToken(db, hashToken(token), now().toISOString())
  if (row === undefined) return { kind: 'nobody' }
  const { id, email, admin, created_at, token_id } = row
  return {
    kind: 'user',
    user: { id, email, admin: admin === 1, created_at, tokenId: token_id },
  }
}
