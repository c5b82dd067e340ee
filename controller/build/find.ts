import { failure } from '#contract/error.ts'
import { uuidPattern } from '#contract/grammar.ts'
import { buildById, buildsOf } from '#controller/store/builds.ts'
import { environmentById, environmentOf } from '#controller/store/environments.ts'
import type { AppRow, BuildRow, Store } from '#controller/store/tables.ts'

const uuid = new RegExp(uuidPattern)

/** A build of an app by id, the first 8 characters of it, or `latest`. Throws BUILD_NOT_FOUND. */
export async function findBuild(db: Store, app: AppRow, named: string): Promise<BuildRow> {
  const row = await (uuid.test(named) ? byId(db, app, named) : byShortName(db, app, named))
  if (row !== undefined) return row
  throw failure('BUILD_NOT_FOUND', { build: named, app: app.name })
}

async function byId(db: Store, app: AppRow, id: string): Promise<BuildRow | undefined> {
  const row = await buildById(db, id)
  const environment = row && (await environmentById(db, row.environment_id))
  return environment?.app_id === app.id ? row : undefined
}

async function byShortName(db: Store, app: AppRow, named: string): Promise<BuildRow | undefined> {
  const rows = await buildsOf(db, (await environmentOf(db, app.id)).id)
  if (named === 'latest') return rows[0]
  return named.length === 8 ? rows.find((row) => row.id.startsWith(named)) : undefined
}
