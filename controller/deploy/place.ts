import type { ProcessTypes } from '#contract/release.ts'
import { deploymentsInPlay } from '#controller/store/deployments.ts'
import type { Deployed } from '#controller/store/deployments.ts'
import { hostsOf } from '#controller/store/domains.ts'
import { formationOf } from '#controller/store/formation.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'
import { copiesOf, taskOf } from './copy.ts'
import type { Target } from './copy.ts'
import { isLive, isOpen } from './deployment.ts'
import type { Wanted } from './plan.ts'
import { keyOf } from './route-table.ts'

/** An environment, and what its copies and routes need to know of it. */
export interface Place {
  readonly environmentId: string
  readonly environment: string
  readonly app: AppRow
  readonly subnet: string
  readonly hosts: readonly string[]
  /** Its routes go by this, see route-table.ts. */
  readonly key: string
}

/** What an environment should come to, and the rows it was read from. */
export interface Wish {
  readonly place: Place
  readonly wanted: Wanted
  readonly deployed: readonly Deployed[]
}

/** Null: there is no such environment (any more). */
export async function readPlace(db: Store, environmentId: string): Promise<Place | null> {
  const row = await db
    .selectFrom('environments')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .selectAll('apps')
    .select(['environments.name as environment', 'subnet'])
    .where('environments.id', '=', environmentId)
    .executeTakeFirst()
  if (row === undefined) return null
  const { environment, subnet, ...app } = row
  const key = keyOf({ app: app.name, environment })
  return { environmentId, environment, app, subnet, hosts: await hostsOf(db, environmentId), key }
}

export async function readWish(
  db: Store,
  instance: string,
  environmentId: string,
): Promise<Wish | null> {
  const place = await readPlace(db, environmentId)
  if (place === null) return null
  const deployed = await deploymentsInPlay(db, environmentId)
  const formation = await formationOf(db, environmentId)
  const quantities = Object.fromEntries(formation.map((row) => [row.type, row.quantity]))
  const toTarget = (row: Deployed): Target => targetOf(row, instance, place.app.name, quantities)
  return { place, deployed, wanted: sort(deployed, toTarget) }
}

/** Rows come newest first. What is older than what serves is not started any more. */
function sort(rows: readonly Deployed[], toTarget: (row: Deployed) => Target): Wanted {
  const serving = rows.find((row) => isLive(row.state))
  const open = rows.find((row) => isOpen(row.state) && row.seq > (serving?.seq ?? 0))
  return {
    serving: serving === undefined ? null : toTarget(serving),
    open: open === undefined ? null : toTarget(open),
    older: rows.filter((row) => row !== serving && row !== open),
  }
}

function targetOf(
  row: Deployed,
  instance: string,
  app: string,
  quantities: Readonly<Record<string, number>>,
): Target {
  const processTypes = JSON.parse(row.process_types) as ProcessTypes
  const release = row.version
  const making = { instance, app, deploymentId: row.id, release, processTypes, quantities }
  return {
    id: row.id,
    version: row.version,
    state: row.state,
    deadlineMs: Date.parse(row.deadline_at),
    copies: copiesOf(making),
    task: row.reason === 'restart' ? null : taskOf(making),
  }
}
