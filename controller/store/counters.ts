import type { Store } from './tables.ts'

/** Takes the next number of a counter, from 1 on; never the same one twice. */
export async function takeNumber(db: Store, name: string): Promise<number> {
  const row = await db
    .insertInto('counters')
    .values({ name, value: 1 })
    .onConflict((on) => on.column('name').doUpdateSet((now) => ({ value: now('value', '+', 1) })))
    .returning('value')
    .executeTakeFirstOrThrow()
  return row.value
}
