import { type BuildSettings, readPackReference, readRepositoryPath } from '#contract/buildpack.ts'
import { failure } from '#contract/error.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { buildSettingsOf, keepBuildSettings } from '#controller/store/build-settings.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'

/** As it is asked for; what is left out stays. */
export interface BuildSettingsChange {
  readonly buildpacks?: readonly string[]
  readonly root?: string | null
  readonly dockerfile?: string | null
  readonly target?: string | null
}

/**
 * Changes how an app is built from its next push on; a change that changes nothing is not recorded.
 *
 * Throws BUILDPACK_INVALID or REPOSITORY_PATH_INVALID, and then nothing has happened.
 */
export async function changeBuildSettings(
  { db, now }: { readonly db: Store; readonly now: () => Date },
  app: AppRow,
  actor: string,
  change: BuildSettingsChange,
): Promise<BuildSettings> {
  const wanted = {
    ...(change.buildpacks === undefined ? {} : { buildpacks: change.buildpacks.map(readPack) }),
    ...(change.root === undefined ? {} : { root: readPath(change.root ?? '') }),
    ...(change.dockerfile === undefined ? {} : { dockerfile: readDockerfile(change.dockerfile) }),
    ...(change.target === undefined ? {} : { target: change.target }),
  }
  const at = now().toISOString()
  return db.transaction().execute(async (trx) => {
    const before = await buildSettingsOf(trx, app.id)
    const after = { ...before, ...wanted }
    if (JSON.stringify(after) === JSON.stringify(before)) return before
    await keepBuildSettings(trx, app.id, after, at)
    const detail = { ...after, dockerfile: after.dockerfile ?? '', target: after.target ?? '' }
    await recordDeed(trx, { at, actor, action: 'build.set', target: app.name, detail })
    return after
  })
}

function readPack(text: string): string {
  const buildpack = text.trim()
  const read = readPackReference(buildpack)
  if (typeof read !== 'string') return buildpack
  // A URL with a password in it is not repeated.
  const shown = buildpack.replace(/\/\/[^/]*@/, '//').slice(0, 200)
  throw failure('BUILDPACK_INVALID', { buildpack: shown, reason: read })
}

function readPath(text: string): string {
  const path = readRepositoryPath(text)
  if (path !== null) return path
  throw failure('REPOSITORY_PATH_INVALID', { path: text.slice(0, 200) })
}

function readDockerfile(text: string | null): string | null {
  const path = text === null ? '' : readPath(text)
  return path === '' ? null : path
}
