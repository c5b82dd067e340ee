import { randomUUID } from 'node:crypto'
import type { DeploymentState, JournalLine } from '#contract/release.ts'
import type { Receipt } from '#contract/watch.ts'
import { isDone, isLive, liveStates, mayFollow, openStates } from '#controller/deploy/deployment.ts'
import { appendJournal } from './journal.ts'
import type { DeploymentRow, ReleaseRow, Store } from './tables.ts'

const pendingMs = 15 * 60_000
/** Newest deployments of an environment whose journals are kept. */
const keptJournals = 100

export interface NewDeployment {
  readonly environmentId: string
  readonly releaseId: string
  readonly reason: DeploymentRow['reason']
  /** The deployment whose copies it takes over. */
  readonly copiesOf?: string | null
}

/** Records that an environment should move to a release; the loop does the rest. Its id. */
export async function createDeployment(
  db: Store,
  { environmentId, releaseId, reason, copiesOf = null }: NewDeployment,
): Promise<string> {
  const id = randomUUID()
  const now = Date.now()
  const at = new Date(now).toISOString()
  await db
    .insertInto('deployments')
    .values({
      id,
      seq: await nextSeq(db),
      environment_id: environmentId,
      release_id: releaseId,
      reason,
      state: 'pending',
      failure: null,
      deadline_at: new Date(now + pendingMs).toISOString(),
      live_at: null,
      created_at: at,
      updated_at: at,
      receipt: null,
      copies_of: copiesOf,
    })
    .execute()
  return id
}

async function nextSeq(db: Store): Promise<number> {
  const row = await db
    .selectFrom('deployments')
    .select((column) => column.fn.max('seq').as('last'))
    .executeTakeFirst()
  return (row?.last ?? 0) + 1
}

/** A deployment and what of its release decides what runs. */
export type Deployed = DeploymentRow &
  Pick<
    ReleaseRow,
    'version' | 'process_types' | 'slug_id' | 'config' | 'health_checks' | 'cron'
  > & {
    /** JSON, of its slug. */
    artifact: string | null
  }

/** The deployment of an environment that went live last, and all that have no end yet; newest first. */
export async function deploymentsInPlay(db: Store, environmentId: string): Promise<Deployed[]> {
  const serving = db
    .selectFrom('deployments as live')
    .select((column) => column.fn.max('live.seq').as('seq'))
    .where('live.environment_id', '=', environmentId)
    .where('live.state', 'in', liveStates)
  return db
    .selectFrom('deployments')
    .innerJoin('releases', 'releases.id', 'deployments.release_id')
    .leftJoin('slugs', 'slugs.id', 'releases.slug_id')
    .selectAll('deployments')
    .select(['version', 'releases.process_types', 'slug_id', 'config', 'health_checks', 'cron'])
    .select('artifact')
    .where('deployments.environment_id', '=', environmentId)
    .where((or) => or.or([or('state', 'in', [...openStates, 'draining']), or('seq', '=', serving)]))
    .orderBy('seq', 'desc')
    .execute()
}

/** The deployment that serves an environment; undefined before the first. */
export async function servingDeployment(
  db: Store,
  environmentId: string,
): Promise<Deployed | undefined> {
  const rows = await deploymentsInPlay(db, environmentId)
  return rows.find((row) => isLive(row.state))
}

/** The version of the release a copy runs now: what serves may have taken it over as it was. */
export async function versionRunBy(
  db: Store,
  copy: { readonly deploymentId: string; readonly release: number },
  serving: Deployed | undefined,
): Promise<number> {
  if (serving?.copies_of === undefined || serving.copies_of === null) return copy.release
  const row = await db
    .selectFrom('deployments')
    .select(['id', 'copies_of'])
    .where('id', '=', copy.deploymentId)
    .executeTakeFirst()
  return (row?.copies_of ?? row?.id) === serving.copies_of ? serving.version : copy.release
}

export function newestDeployment(db: Store, releaseId: string): Promise<DeploymentRow | undefined> {
  return db
    .selectFrom('deployments')
    .selectAll()
    .where('release_id', '=', releaseId)
    .orderBy('seq', 'desc')
    .executeTakeFirst()
}

export interface Entry {
  readonly state: DeploymentState
  /** How long it may stay there. */
  readonly stageMs: number
  readonly failure?: string
  readonly journal?: readonly Pick<JournalLine, 'kind' | 'text'>[]
}

/**
 * Moves a deployment on, with what its journal says of it, in one transaction.
 *
 * False, and nothing happens, when its state may not be followed by this one (somebody was faster).
 */
export function enterState(db: Store, id: string, entry: Entry): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('deployments')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined || !mayFollow(row.state, entry.state)) return false
    await tx.updateTable('deployments').set(changes(row, entry)).where('id', '=', id).execute()
    await appendJournal(tx, id, entry.journal ?? [])
    if (isDone(entry.state)) await prune(tx, row.environment_id)
    return true
  })
}

function changes(row: DeploymentRow, { state, stageMs, failure }: Entry): Partial<DeploymentRow> {
  const now = new Date().toISOString()
  const until = new Date(Date.now() + stageMs).toISOString()
  return {
    state,
    failure: failure ?? row.failure,
    deadline_at: until,
    live_at: row.live_at ?? (isLive(state) ? now : null),
    updated_at: now,
  }
}

export async function saveReceipt(db: Store, id: string, receipt: Receipt): Promise<void> {
  const values = { receipt: JSON.stringify(receipt) }
  await db.updateTable('deployments').set(values).where('id', '=', id).execute()
}

/** Null: the router has not told, or not yet. */
export function receiptOf(row: Pick<DeploymentRow, 'receipt'> | undefined): Receipt | null {
  const text = row?.receipt ?? null
  return text === null ? null : (JSON.parse(text) as Receipt)
}

/** Forgets the journals of what ended long ago; that it was, and how it ended, stays known. */
async function prune(db: Store, environmentId: string): Promise<void> {
  const old = db
    .selectFrom('deployments')
    .select('id')
    .where('environment_id', '=', environmentId)
    .orderBy('seq', 'desc')
    .limit(-1)
    .offset(keptJournals)
  await db.deleteFrom('journal').where('deployment_id', 'in', old).execute()
}
