import { createHash } from 'node:crypto'
import type { AuditRow, Store } from './tables.ts'

/** One thing that was done. `detail` never holds a secret or a config value. */
export interface Deed {
  readonly at: string
  /** Email of a user, or the name of a program. */
  readonly actor: string
  /** `app.create`, `config.set` */
  readonly action: string
  /** Name of what it was done to. */
  readonly target: string
  readonly detail?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/**
 * Appends to the audit, in the transaction of the deed itself.
 *
 * Each row's hash covers the row before it: one that is changed or taken out later shows.
 */
export async function recordDeed(db: Store, deed: Deed): Promise<void> {
  const last = await db
    .selectFrom('audit')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const row = {
    seq: (last?.seq ?? 0) + 1,
    at: deed.at,
    actor: deed.actor,
    action: deed.action,
    target: deed.target,
    detail: JSON.stringify(deed.detail ?? {}),
  }
  await db
    .insertInto('audit')
    .values({ ...row, hash: hashOf(last?.hash ?? '', row) })
    .execute()
}

/** The first row that does not fit the one before it; null when the chain is whole. */
export async function firstBrokenDeed(db: Store): Promise<number | null> {
  let before = ''
  for (const { hash, ...row } of await db
    .selectFrom('audit')
    .selectAll()
    .orderBy('seq')
    .execute()) {
    if (hash !== hashOf(before, row)) return row.seq
    before = hash
  }
  return null
}

function hashOf(before: string, row: Omit<AuditRow, 'hash'>): string {
  const { seq, at, actor, action, target, detail } = row
  const text = JSON.stringify([before, seq, at, actor, action, target, detail])
  return createHash('sha256').update(text).digest('hex')
}
