import { randomUUID } from 'node:crypto'
import { failure } from '#contract/error.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import type { BuiltSlug, finishBuild } from '#contract/push.ts'
import { appById } from '#controller/store/apps.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { keepBom } from '#controller/store/boms.ts'
import { buildById, endBuild, insertSlug } from '#controller/store/builds.ts'
import { environmentById } from '#controller/store/environments.ts'
import { releaseByBuild } from '#controller/store/releases.ts'
import type { BuildRow, ReleaseRow, SlugRow, Store } from '#controller/store/tables.ts'
import { makeRelease, type Place, type ReleaseDeps } from './make.ts'

export type BuildEnd = BodyOf<typeof finishBuild>

/**
 * Ends a build; a good one becomes slug, release and deployment in one transaction.
 *
 * A build that has ended stays as it ended: finishing it again answers the same release (null for a
 * bad one). Throws BUILD_NOT_FOUND, also when its app was destroyed meanwhile.
 */
export async function endBuildWith(
  deps: ReleaseDeps,
  buildId: string,
  end: BuildEnd,
  copiesLimit: number,
): Promise<ReleaseRow | null> {
  return deps.db.transaction().execute(async (trx) => {
    const build = await buildById(trx, buildId)
    if (build === undefined) throw failure('BUILD_NOT_FOUND', { build: buildId, app: '' })
    if (build.status !== 'pending') return (await releaseByBuild(trx, buildId)) ?? null
    const within = { ...deps, db: trx }
    if (end.status !== 'succeeded') return fail(within, build, end)
    return succeed(within, build, end.slug, copiesLimit)
  })
}

async function fail(
  { db, now }: ReleaseDeps,
  build: BuildRow,
  { status, stage }: Exclude<BuildEnd, { status: 'succeeded' }>,
): Promise<null> {
  const updated_at = now().toISOString()
  await endBuild(db, build.id, { status, stage, slug_id: null, updated_at })
  return null
}

async function succeed(
  deps: ReleaseDeps,
  build: BuildRow,
  built: BuiltSlug,
  copiesLimit: number,
): Promise<ReleaseRow> {
  const at = deps.now().toISOString()
  const place = await placeOf(deps.db, build)
  const bom = built.bom === undefined ? null : await keepBom(deps.db, built.bom)
  const slug = { ...slugRow(place.app.id, build, built, at), bom }
  await insertSlug(deps.db, slug)
  const inputs = built.inputs === undefined ? null : JSON.stringify(built.inputs)
  const ended = {
    status: 'succeeded',
    stage: null,
    slug_id: slug.id,
    inputs,
    updated_at: at,
  } as const
  await endBuild(deps.db, build.id, ended)
  const change = {
    kind: 'build',
    buildId: build.id,
    slugId: slug.id,
    commit: build.commit_id,
    processTypes: built.process_types,
    healthChecks: built.health_checks ?? [],
    cron: built.cron ?? [],
    defaults: built.first?.config ?? {},
  } as const
  const wished = Object.entries(built.first?.formation ?? {}).map(
    ([type, quantity]) => [type, Math.min(quantity, copiesLimit)] as const,
  )
  const release = await makeRelease(deps, place, change, Object.fromEntries(wished))
  await recordDeed(deps.db, {
    at,
    actor: 'builder',
    action: 'release.build',
    target: place.app.name,
    detail: { version: release.version, commit: build.commit_id, user: place.userId },
  })
  return release
}

async function placeOf(db: Store, build: BuildRow): Promise<Place> {
  const environment = await environmentById(db, build.environment_id)
  const app = environment === undefined ? undefined : await appById(db, environment.app_id)
  if (environment === undefined || app === undefined) {
    throw failure('BUILD_NOT_FOUND', { build: build.id, app: '' })
  }
  return { app, environment, userId: build.user_id }
}

function slugRow(
  appId: string,
  build: BuildRow,
  built: BuiltSlug,
  at: string,
): Omit<SlugRow, 'bom'> {
  return {
    id: randomUUID(),
    app_id: appId,
    digest: built.digest,
    artifact: JSON.stringify(built.artifact),
    process_types: JSON.stringify(built.process_types),
    buildpack: built.buildpack,
    stack: built.stack,
    commit_id: build.commit_id,
    size_bytes: built.size,
    created_at: at,
  }
}
