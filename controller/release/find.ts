import { failure } from '#contract/error.ts'
import { uuidPattern } from '#contract/grammar.ts'
import { newestRelease, releaseById, releaseByVersion } from '#controller/store/releases.ts'
import { servingReleaseId } from '#controller/store/standing.ts'
import type { AppRow, EnvironmentRow, ReleaseRow, Store } from '#controller/store/tables.ts'

const uuid = new RegExp(uuidPattern)

/**
 * A release of an environment by version (`12`, `v12`), id, or `current`: the one that serves, and
 * before there is one the newest. Throws RELEASE_NOT_FOUND.
 */
export async function findRelease(
  db: Store,
  app: AppRow,
  environment: EnvironmentRow,
  named: string,
): Promise<ReleaseRow> {
  const row = await lookUp(db, environment.id, named)
  if (row?.environment_id === environment.id) return row
  throw failure('RELEASE_NOT_FOUND', { release: named, app: app.name })
}

async function lookUp(
  db: Store,
  environmentId: string,
  named: string,
): Promise<ReleaseRow | undefined> {
  if (named === 'current') {
    const serving = await servingReleaseId(db, environmentId)
    return serving === undefined ? newestRelease(db, environmentId) : releaseById(db, serving)
  }
  if (uuid.test(named)) return releaseById(db, named)
  const version = /^v?(\d{1,9})$/.exec(named)?.[1]
  return version === undefined ? undefined : releaseByVersion(db, environmentId, Number(version))
}
