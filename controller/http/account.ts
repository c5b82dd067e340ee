import { type Account, addUser, whoAmI } from '#contract/account.ts'
import { addAccount } from '#controller/member/account.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveAccount(http: Http, { db, now }: Deps): void {
  serve(http, whoAmI, async ({ user }) => accountOf(user))

  serve(http, addUser, async ({ body, user }) => {
    const row = await addAccount(db, body, { actor: user.email, now: now() })
    return accountOf({ ...row, admin: row.admin === 1 })
  })
}

function accountOf({ id, email, admin, created_at }: Account): Account {
  return { id, email, admin, created_at }
}
