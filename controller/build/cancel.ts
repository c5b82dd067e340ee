import { cancelRunning } from '#contract/builder.ts'
import { call, type Peer } from '#contract/call.ts'
import { failure, SlipwayError } from '#contract/error.ts'
import type { News } from '#controller/deploy/news.ts'
import { isOpen } from '#controller/deploy/deployment.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { buildById, endBuild } from '#controller/store/builds.ts'
import { enterState, newestDeployment } from '#controller/store/deployments.ts'
import { releaseByBuild } from '#controller/store/releases.ts'
import type { AppRow, BuildRow, ReleaseRow, Store } from '#controller/store/tables.ts'

export interface CancelDeps {
  readonly db: Store
  readonly builder: Peer
  readonly news: News
  readonly now: () => Date
  readonly kick: (environmentId: string) => void
}

/** The builder answers when the build has ended. */
const builderMs = 20_000

/**
 * Ends a build, or the deployment it led to as long as the router has not heard of that. Throws
 * BUILD_ENDED when it is too late for both.
 */
export async function cancelBuild(
  deps: CancelDeps,
  app: AppRow,
  build: BuildRow,
  by: string,
): Promise<void> {
  if (build.status === 'pending') await endPending(deps, build, by)
  const row = await buildById(deps.db, build.id)
  if (row?.status !== 'cancelled' || build.status !== 'pending') {
    await endDeployment(deps, app, build, by)
  }
  const deed = { actor: by, action: 'build.cancel', target: app.name }
  const at = deps.now().toISOString()
  await recordDeed(deps.db, { at, ...deed, detail: { build: build.id } })
}

async function endPending(deps: CancelDeps, build: BuildRow, by: string): Promise<void> {
  const end = await askBuilder(deps.builder, build.id, by)
  if (end === 'too-late') return
  // A builder that is away or does not know it will hear that it has ended, should it come back.
  const at = deps.now().toISOString()
  const cancelled = {
    status: 'cancelled',
    stage: 'cancelled',
    slug_id: null,
    updated_at: at,
  } as const
  await endBuild(deps.db, build.id, cancelled)
  deps.news.tell(build.id)
}

async function askBuilder(builder: Peer, build: string, by: string): Promise<string> {
  const signal = AbortSignal.timeout(builderMs)
  try {
    return (await call(builder, cancelRunning, { params: { build }, body: { by }, signal })).end
  } catch (error) {
    if (signal.aborted || error instanceof SlipwayError) return 'unknown'
    throw error
  }
}

async function endDeployment(
  deps: CancelDeps,
  app: AppRow,
  build: BuildRow,
  by: string,
): Promise<void> {
  const release = await releaseByBuild(deps.db, build.id)
  const row = release && (await newestDeployment(deps.db, release.id))
  const id = build.id.slice(0, 8)
  if (release === undefined || row === undefined || !isOpen(row.state)) {
    throw failure('BUILD_ENDED', { app: app.name, build: id, reason: endOf(build, release) })
  }
  const error = `cancelled by ${by} before it was live`
  const journal = [{ kind: 'error', text: error } as const]
  const entry = { state: 'cancelled', stageMs: 0, failure: error, journal } as const
  if (!(await enterState(deps.db, row.id, entry))) {
    throw failure('BUILD_ENDED', {
      app: app.name,
      build: id,
      reason: `v${release.version} goes live`,
    })
  }
  deps.news.tell(row.id)
  deps.kick(row.environment_id)
}

function endOf({ status }: BuildRow, release: ReleaseRow | undefined): string {
  if (release === undefined) return status === 'pending' ? 'it is not running' : `it has ${status}`
  return `it became v${release.version}`
}
