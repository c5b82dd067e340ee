import { failure } from '#contract/error.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { setQuantity } from '#controller/store/formation.ts'
import { newestRelease } from '#controller/store/releases.ts'
import type { AppRow, EnvironmentRow } from '#controller/store/tables.ts'
import { scalableTypes } from './formation.ts'
import type { ReleaseDeps } from './make.ts'

export interface Update {
  readonly type: string
  readonly quantity: number
}

export interface Scaling {
  readonly app: AppRow
  readonly environment: EnvironmentRow
  /** Email of who scales. */
  readonly actor: string
  /** The biggest number of copies of one type. */
  readonly limit: number
}

/**
 * Says how many copies of process types should run: all of the updates or none.
 *
 * Throws NOTHING_DEPLOYED, PROCESS_TYPE_UNKNOWN or QUANTITY_INVALID.
 */
export async function scaleTo(
  { db, now }: Pick<ReleaseDeps, 'db' | 'now'>,
  { app, environment, actor, limit }: Scaling,
  updates: readonly Update[],
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const newest = await newestRelease(trx, environment.id)
    if (newest === undefined || newest.slug_id === null) {
      throw failure('NOTHING_DEPLOYED', { app: app.name })
    }
    const known = scalableTypes(JSON.parse(newest.process_types) as ProcessTypes)
    for (const { type, quantity } of updates) {
      refuse(app.name, known, { type, quantity }, limit)
      await setQuantity(trx, { environment_id: environment.id, type, quantity })
    }
    const detail = Object.fromEntries(updates.map(({ type, quantity }) => [type, quantity]))
    const deed = { actor, action: 'formation.scale', target: app.name, detail }
    await recordDeed(trx, { at: now().toISOString(), ...deed })
  })
}

function refuse(app: string, known: readonly string[], update: Update, limit: number): void {
  const { type, quantity } = update
  if (!known.includes(type)) {
    throw failure('PROCESS_TYPE_UNKNOWN', { app, type, known: known.join(', ') })
  }
  if (quantity < 0 || quantity > limit) throw failure('QUANTITY_INVALID', { quantity, limit })
}
