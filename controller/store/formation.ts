import type { FormationRow, Store } from './tables.ts'

/** How many copies of each process type should run; types without a row: none. */
export function formationOf(db: Store, environmentId: string): Promise<FormationRow[]> {
  return db
    .selectFrom('formation')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .orderBy('type')
    .execute()
}

export async function setQuantity(db: Store, row: FormationRow): Promise<void> {
  await db
    .insertInto('formation')
    .values(row)
    .onConflict((on) =>
      on.columns(['environment_id', 'type']).doUpdateSet({ quantity: row.quantity }),
    )
    .execute()
}

/** Adds rows that are not there; a quantity someone chose stays. */
export async function addQuantities(db: Store, rows: readonly FormationRow[]): Promise<void> {
  if (rows.length === 0) return
  await db
    .insertInto('formation')
    .values([...rows])
    .onConflict((on) => on.doNothing())
    .execute()
}
