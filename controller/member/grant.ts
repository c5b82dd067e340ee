import { randomUUID } from 'node:crypto'
import type { Authorization } from '#contract/account.ts'
import { recordDeed } from '#controller/store/audit.ts'
import type { Store, UserRow } from '#controller/store/tables.ts'
import { insertToken } from '#controller/store/tokens.ts'
import { hashToken, newToken } from './secret.ts'

const daySeconds = 86_400
const usualSeconds = 365 * daySeconds
const longestSeconds = 10 * usualSeconds

export interface GrantOptions {
  readonly description?: string | undefined
  readonly expiresIn?: number | undefined
  readonly now: Date
}

/** Makes a token of a user. What it answers is the only place it stands in the clear. */
export async function grantToken(
  db: Store,
  user: Pick<UserRow, 'id' | 'email'>,
  { description = 'app login', expiresIn = usualSeconds, now }: GrantOptions,
): Promise<Authorization> {
  const seconds = Math.min(expiresIn, longestSeconds)
  const token = newToken()
  const id = randomUUID()
  const at = now.toISOString()
  await insertToken(db, {
    id,
    user_id: user.id,
    hash: hashToken(token),
    description,
    created_at: at,
    expires_at: new Date(now.getTime() + seconds * 1000).toISOString(),
  })
  await recordDeed(db, { at, actor: user.email, action: 'token.create', target: id })
  return {
    id,
    description,
    access_token: { token, expires_in: seconds },
    user: { id: user.id, email: user.email },
    created_at: at,
  }
}
