import { randomUUID } from 'node:crypto'
import type { Vault } from '#controller/seal.ts'
import { createDeployment } from '#controller/store/deployments.ts'
import { addQuantities } from '#controller/store/formation.ts'
import { insertRelease, newestRelease } from '#controller/store/releases.ts'
import { touchApp } from '#controller/store/apps.ts'
import type { AppRow, EnvironmentRow, ReleaseRow, Store } from '#controller/store/tables.ts'
import { copiesFor } from './adopt.ts'
import { defaultQuantity, scalableTypes } from './formation.ts'
import { type Change, nextRelease, type Release } from './release.ts'
import { releaseFrom, rowOf } from './rows.ts'

export interface ReleaseDeps {
  readonly db: Store
  readonly vault: Vault
  readonly now: () => Date
}

/** Where a release is made, and by whom. */
export interface Place {
  readonly app: AppRow
  readonly environment: EnvironmentRow
  readonly userId: string
}

/**
 * Makes the next release of an environment inside the caller's transaction, and, where there is code
 * to run, the deployment that moves the environment to it. `wished` are copies of process types that
 * nobody has scaled yet.
 */
export async function makeRelease(
  deps: ReleaseDeps,
  { app, environment, userId }: Place,
  change: Change,
  wished: Readonly<Record<string, number>> = {},
): Promise<ReleaseRow> {
  const { db, vault } = deps
  const at = deps.now().toISOString()
  const newest = releaseFrom(vault, app, await newestRelease(db, environment.id))
  const release = nextRelease(newest, change)
  const origin = { id: randomUUID(), app, environmentId: environment.id, userId, at }
  const row = rowOf(vault, release, origin)
  await insertRelease(db, row)
  await touchApp(db, app.id, at)
  await addFormation(db, environment.id, release, wished)
  if (release.slugId !== null) {
    await createDeployment(db, {
      environmentId: environment.id,
      releaseId: row.id,
      reason: 'release',
      copiesOf: await copiesFor(deps, { app, environment }, release),
    })
  }
  return row
}

async function addFormation(
  db: Store,
  environmentId: string,
  release: Release,
  wished: Readonly<Record<string, number>>,
): Promise<void> {
  const types = scalableTypes(release.processTypes)
  await addQuantities(
    db,
    types.map((type) => ({
      environment_id: environmentId,
      type,
      quantity: wished[type] ?? defaultQuantity(type),
    })),
  )
}
