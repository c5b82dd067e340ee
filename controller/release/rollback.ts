import { failure } from '#contract/error.ts'
import { keptOf } from '#controller/build/kept.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { digestsOf } from '#controller/store/builds.ts'
import { newestRelease } from '#controller/store/releases.ts'
import type { ReleaseRow, Store } from '#controller/store/tables.ts'
import { makeRelease, type Place, type ReleaseDeps } from './make.ts'
import { reasonAgainstRollback } from './release.ts'
import { releaseFrom } from './rows.ts'

/** Makes a release with the code and the config of an older one. Throws ROLLBACK_IMPOSSIBLE. */
export async function rollBackTo(
  deps: ReleaseDeps,
  place: Place,
  old: ReleaseRow,
  { actor, keptSlugs }: { readonly actor: string; readonly keptSlugs: number },
): Promise<ReleaseRow> {
  const { app, environment } = place
  return deps.db.transaction().execute(async (trx) => {
    const newest = releaseFrom(deps.vault, app, await newestRelease(trx, environment.id))
    const to = releaseFrom(deps.vault, app, old)
    const reason = reasonAgainstRollback(newest, to) ?? (await goneReason(trx, old, keptSlugs))
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

/** Its slug may be gone from the host, or go at any time. */
async function goneReason(
  db: Store,
  { environment_id, slug_id }: ReleaseRow,
  keptSlugs: number,
): Promise<string | null> {
  const [digest = ''] = await digestsOf(db, slug_id === null ? [] : [slug_id])
  const kept = await keptOf(db, environment_id, keptSlugs)
  return kept.has(digest) ? null : `only the newest ${keptSlugs} slugs stay on the host`
}
