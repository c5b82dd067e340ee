import { createHash } from 'node:crypto'
import type { Store } from './tables.ts'

/** Keeps a list of components, once however many slugs have it; its hash. */
export async function keepBom(db: Store, components: string): Promise<string> {
  const hash = createHash('sha256').update(components).digest('hex')
  const kept = await db
    .selectFrom('boms')
    .select('hash')
    .where('hash', '=', hash)
    .executeTakeFirst()
  if (kept !== undefined) return hash
  // A new one comes seldom: the time to let go of those whose slugs are gone.
  await db
    .deleteFrom('boms')
    .where('hash', 'not in', (inner) =>
      inner
        .selectFrom('slugs')
        .select('slugs.bom')
        .where('slugs.bom', 'is not', null)
        .$castTo<{ bom: string }>(),
    )
    .execute()
  await db.insertInto('boms').values({ hash, components }).execute()
  return hash
}

export async function bomByHash(db: Store, hash: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('boms')
    .select('components')
    .where('hash', '=', hash)
    .executeTakeFirst()
  return row?.components
}
