import { sql } from 'kysely'
import type { Store } from './tables.ts'

/**
 * Takes the next number of a counter, from 1 on; never the same one twice, and above `floor` where
 * somebody else has been told higher ones.
 */
export async function takeNumber(db: Store, name: string, floor = 0): Promise<number> {
  const next = sql<number>`max(counters.value, ${floor}) + 1`
  const row = await db
    .insertInto('counters')
    .values({ name, value: floor + 1 })
    .onConflict((on) => on.column('name').doUpdateSet({ value: next }))
    .returning('value')
    .executeTakeFirstOrThrow()
  return row.value
}
