import { failure } from '#contract/error.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { newestRelease } from '#controller/store/releases.ts'
import type { ReleaseRow } from '#controller/store/tables.ts'
import { makeRelease, type Place, type ReleaseDeps } from './make.ts'
import { reasonAgainstRollback } from './release.ts'
import { releaseFrom } from './rows.ts'

/** Makes a release with the code and the config of an older one. Throws ROLLBACK_IMPOSSIBLE. */
export async function rollBackTo(
  deps: ReleaseDeps,
  place: Place,
  old: ReleaseRow,
  actor: string,
): Promise<ReleaseRow> {
  const { app, environment } = place
  return deps.db.transaction().execute(async (trx) => {
    const newest = releaseFrom(deps.vault, app, await newestRelease(trx, environment.id))
    const to = releaseFrom(deps.vault, app, old)
    const reason = reasonAgainstRollback(newest, to)
    if (reason !== null) {
      throw failure('ROLLBACK_IMPOSSIBLE', { version: to.version, app: app.name, reason })
    }
    const release = await makeRelease({ ...deps, db: trx }, place, { kind: 'rollback', to })
    await recordDeed(trx, {
      at: release.created_at,
      actor,
      action: 'release.rollback',
      target: app.name,
      detail: { to: to.version, version: release.version },
    })
    return release
  })
}
