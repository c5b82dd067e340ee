import { randomUUID } from 'node:crypto'
import { addKey, type Key, listKeys, removeKey } from '#contract/account.ts'
import { failure } from '#contract/error.ts'
import { readPublicKey } from '#controller/member/key.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { deleteKey, insertKey, keyByFingerprint, keysOf } from '#controller/store/keys.ts'
import type { KeyRow, Store } from '#controller/store/tables.ts'
import type { User } from './actor.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveKeys(http: Http, { db, now }: Deps): void {
  serve(http, listKeys, async ({ user }) => {
    const rows = await keysOf(db, user.id)
    return rows.map((row) => keyOf(row, user))
  })

  serve(http, addKey, async ({ body, user }) => {
    const row = rowFor(user, body.public_key, now().toISOString())
    await db.transaction().execute((trx) => addOnce(trx, row, user))
    return keyOf(row, user)
  })

  serve(http, removeKey, async ({ param, user }) => {
    const rows = await keysOf(db, user.id)
    const row = rows.find(({ id, fingerprint }) => [id, fingerprint].includes(param('key')))
    if (row === undefined) throw failure('KEY_NOT_FOUND', {})
    await db.transaction().execute(async (trx) => {
      await deleteKey(trx, row.id)
      const deed = { actor: user.email, action: 'key.remove', target: row.fingerprint }
      await recordDeed(trx, { at: now().toISOString(), ...deed })
    })
    return keyOf(row, user)
  })
}

/** Throws KEY_TAKEN: a key says who pushes, so it can be one user's only. */
async function addOnce(db: Store, row: KeyRow, user: User): Promise<void> {
  if ((await keyByFingerprint(db, row.fingerprint)) !== undefined) throw failure('KEY_TAKEN', {})
  await insertKey(db, row)
  const deed = { actor: user.email, action: 'key.add', target: row.fingerprint }
  await recordDeed(db, { at: row.created_at, ...deed })
}

function rowFor(user: User, text: string, at: string): KeyRow {
  const { fingerprint, line, comment } = readPublicKey(text)
  return {
    id: randomUUID(),
    user_id: user.id,
    fingerprint,
    public_key: line,
    comment,
    created_at: at,
  }
}

function keyOf(row: KeyRow, { email }: User): Key {
  const { id, comment, fingerprint, public_key, created_at } = row
  return { id, comment, fingerprint, public_key, email, created_at }
}
