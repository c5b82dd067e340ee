import { randomUUID } from 'node:crypto'
import { recordDeed } from '#controller/store/audit.ts'
import { cancelLostBuilds, insertBuild } from '#controller/store/builds.ts'
import { environmentOf } from '#controller/store/environments.ts'
import type { AppRow, BuildRow, Store } from '#controller/store/tables.ts'

/** A build that has not ended after this died with its builder. */
const lostMs = 6 * 3_600_000
const descriptionLimit = 200

export interface BuildStart {
  readonly app: AppRow
  readonly user: { readonly id: string; readonly email: string }
  readonly commit: string
  readonly branch: string
  readonly description: string
}

/** Records a build that begins. */
export async function beginBuild(db: Store, start: BuildStart, now: Date): Promise<BuildRow> {
  const environment = await environmentOf(db, start.app.id)
  const at = now.toISOString()
  const row: BuildRow = {
    id: randomUUID(),
    environment_id: environment.id,
    user_id: start.user.id,
    commit_id: start.commit,
    branch: start.branch,
    description: start.description.slice(0, descriptionLimit),
    stack: start.app.stack,
    status: 'pending',
    stage: null,
    slug_id: null,
    inputs: null,
    created_at: at,
    updated_at: at,
  }
  const lostBefore = new Date(now.getTime() - lostMs).toISOString()
  await db.transaction().execute(async (trx) => {
    await cancelLostBuilds(trx, environment.id, lostBefore)
    await insertBuild(trx, row)
    const { user, app, commit, branch } = start
    const deed = { actor: user.email, action: 'build.start', target: app.name }
    await recordDeed(trx, { at, ...deed, detail: { commit, branch } })
  })
  return row
}
