import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { deleteApp } from '#controller/store/apps.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { buildIdsOf } from '#controller/store/builds.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'

export interface DestroyDeps {
  readonly db: Store
  readonly now: () => Date
  /** Folder of what builds printed. */
  readonly outputs: string
}

/**
 * Removes an app's rows in one transaction. Its containers and network go when the loop sees that
 * nobody wants them, its repository and slugs when the builder collects.
 */
export async function destroy(
  { db, now, outputs }: DestroyDeps,
  app: AppRow,
  actor: string,
): Promise<void> {
  const builds = await db.transaction().execute(async (trx) => {
    const ids = await buildIdsOf(trx, app.id)
    await deleteApp(trx, app.id)
    const deed = { actor, action: 'app.destroy', target: app.name }
    await recordDeed(trx, { at: now().toISOString(), ...deed })
    return ids
  })
  for (const id of builds) await rm(join(outputs, `${id}.log`), { force: true })
}
