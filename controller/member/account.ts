import { randomUUID } from 'node:crypto'
import type { Authorization } from '#contract/account.ts'
import { failure } from '#contract/error.ts'
import { recordDeed } from '#controller/store/audit.ts'
import type { Store, UserRow } from '#controller/store/tables.ts'
import { hasUsers, insertUser, userByEmail } from '#controller/store/users.ts'
import { grantToken } from './grant.ts'
import { hashPassword } from './password.ts'

export interface NewAccount {
  readonly email: string
  readonly password: string
}

/** The first administrator of a fresh platform. Throws SETUP_DONE when there is any account. */
export async function setUpPlatform(
  db: Store,
  account: NewAccount,
  now: Date,
): Promise<Authorization> {
  if (await hasUsers(db)) throw failure('SETUP_DONE', {})
  const user = await newUser(account, { admin: true, now })
  return db.transaction().execute(async (trx) => {
    if (await hasUsers(trx)) throw failure('SETUP_DONE', {})
    await insertUser(trx, user)
    const at = user.created_at
    await recordDeed(trx, { at, actor: 'setup', action: 'user.create', target: user.email })
    return grantToken(trx, user, { now })
  })
}

/** Makes an account. Throws USER_TAKEN. */
export async function addAccount(
  db: Store,
  account: NewAccount,
  { actor, now }: { actor: string; now: Date },
): Promise<UserRow> {
  const user = await newUser(account, { admin: false, now })
  await db.transaction().execute(async (trx) => {
    if ((await userByEmail(trx, user.email)) !== undefined) {
      throw failure('USER_TAKEN', { email: user.email })
    }
    await insertUser(trx, user)
    await recordDeed(trx, {
      at: user.created_at,
      actor,
      action: 'user.create',
      target: user.email,
    })
  })
  return user
}

async function newUser(
  { email, password }: NewAccount,
  { admin, now }: { admin: boolean; now: Date },
): Promise<UserRow> {
  return {
    id: randomUUID(),
    email,
    password_hash: await hashPassword(password),
    admin: admin ? 1 : 0,
    created_at: now.toISOString(),
  }
}
