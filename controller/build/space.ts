import { collectAll, type Collected } from '#contract/builder.ts'
import { call, type Peer } from '#contract/call.ts'
import { failure } from '#contract/error.ts'
import { recordDeed } from '#controller/store/audit.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'

export interface SpaceDeps {
  readonly db: Store
  readonly builder: Peer
  readonly now: () => Date
}

const builderMs = 10 * 60_000

/** Lets the builder collect, for one app or all. Throws UNAVAILABLE, and BUILD_RUNNING for one. */
export async function collectSpace(
  { db, builder, now }: SpaceDeps,
  { app, dryRun, by }: { app: AppRow | null; dryRun: boolean; by: string },
  signal: AbortSignal,
): Promise<Collected> {
  const deadline = AbortSignal.timeout(builderMs)
  const only = app === null ? {} : { app: { id: app.id, name: app.name } }
  const body = { dry_run: dryRun, by, ...only }
  const collected = await call(builder, collectAll, {
    body,
    signal: AbortSignal.any([signal, deadline]),
  }).catch((error: unknown) => {
    if (!deadline.aborted) throw error
    const reason = `no answer in ${builderMs / 60_000} min`
    throw failure('UNAVAILABLE', { program: builder.program, reason }, { cause: error })
  })
  if (!dryRun) {
    const deed = { actor: by, action: 'space.collect', target: app?.name ?? '' }
    const detail = { bytes: collected.size }
    await recordDeed(db, { at: now().toISOString(), ...deed, detail })
  }
  return collected
}
