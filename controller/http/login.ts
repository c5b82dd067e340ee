import { logIn, logOut, setUp } from '#contract/account.ts'
import { failure } from '#contract/error.ts'
import { setUpPlatform } from '#controller/member/account.ts'
import { Attempts } from '#controller/member/attempts.ts'
import { grantToken } from '#controller/member/grant.ts'
import { isPassword } from '#controller/member/password.ts'
import { isSameSecret } from '#lib/same-secret.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { deleteToken } from '#controller/store/tokens.ts'
import { userByEmail } from '#controller/store/users.ts'
import { type Credentials, readCredentials } from './actor.ts'
import type { Deps } from './deps.ts'
import { identify } from './identify.ts'
import { type Http, serve } from './serve.ts'

interface Member {
  readonly id: string
  readonly email: string
}

export function serveLogin(http: Http, deps: Deps): void {
  const { db, now } = deps
  const attempts = new Attempts({ limit: 10, windowMs: 60_000, now })

  serve(http, setUp, async ({ body, source }) => {
    const proof = await attempts.make(source, async () =>
      isSameSecret(body.secret.trim(), deps.setupSecret) ? true : null,
    )
    if (proof === null) throw failure('SETUP_SECRET_WRONG', {})
    return setUpPlatform(db, body, now())
  })

  serve(http, logIn, async ({ body, source, header }) => {
    const credentials = readCredentials(header('authorization'))
    if (credentials.kind === 'none') throw failure('UNAUTHORIZED', {})
    const member = await attempts.make(source, () => memberWith(deps, credentials))
    if (member === null) throw failure('LOGIN_WRONG', {})
    const { description, expires_in: expiresIn } = body
    return db
      .transaction()
      .execute((trx) => grantToken(trx, member, { description, expiresIn, now: now() }))
  })

  serve(http, logOut, async ({ user }) => {
    await db.transaction().execute(async (trx) => {
      await deleteToken(trx, user.tokenId)
      const deed = { actor: user.email, action: 'token.revoke', target: user.tokenId }
      await recordDeed(trx, { at: now().toISOString(), ...deed })
    })
  })
}

/** Whose credentials these are: email and password, or a token. */
async function memberWith(deps: Deps, credentials: Credentials): Promise<Member | null> {
  if (credentials.kind === 'none') return null
  if (credentials.kind === 'bearer') {
    const actor = await identify(deps, credentials.token)
    return actor.kind === 'user' ? actor.user : null
  }
  const user = await userByEmail(deps.db, credentials.name)
  const matches = await isPassword(credentials.password, user?.password_hash)
  return matches && user !== undefined ? user : null
}
