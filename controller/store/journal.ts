import type { JournalLine } from '#contract/release.ts'
import type { Store } from './tables.ts'

export type NewLine = Pick<JournalLine, 'kind' | 'text'> & { readonly at?: string }

/** Appends to what a deployment's follower reads; numbers grow by one from 1. */
export async function appendJournal(
  db: Store,
  deploymentId: string,
  lines: readonly NewLine[],
): Promise<void> {
  if (lines.length === 0) return
  if (!db.isTransaction)
    return db.transaction().execute((tx) => appendJournal(tx, deploymentId, lines))
  const last = await lastSeq(db, deploymentId)
  const now = new Date().toISOString()
  const rows = lines.map(({ kind, text, at }, index) => ({
    deployment_id: deploymentId,
    seq: last + 1 + index,
    at: at ?? now,
    kind,
    text,
  }))
  await db.insertInto('journal').values(rows).execute()
}

async function lastSeq(db: Store, deploymentId: string): Promise<number> {
  const row = await db
    .selectFrom('journal')
    .select((column) => column.fn.max('seq').as('last'))
    .where('deployment_id', '=', deploymentId)
    .executeTakeFirst()
  return row?.last ?? 0
}

/** The lines after number `after`, at most 1000. */
export function journalAfter(
  db: Store,
  deploymentId: string,
  after: number,
): Promise<JournalLine[]> {
  return db
    .selectFrom('journal')
    .select(['seq', 'at', 'kind', 'text'])
    .where('deployment_id', '=', deploymentId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(1000)
    .execute()
}
