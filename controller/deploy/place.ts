import type { HealthCheck } from '#contract/health-check.ts'
import type { Artifact, ProcessTypes } from '#contract/release.ts'
import type { RouteRule, RouteSettings } from '#contract/route.ts'
import { rulesOf } from '#controller/domain/rules.ts'
import { readEdge, routeSettings } from '#controller/domain/settings.ts'
import { deploymentsInPlay } from '#controller/store/deployments.ts'
import type { Deployed } from '#controller/store/deployments.ts'
import { hostsOf } from '#controller/store/domains.ts'
import { edgeOf } from '#controller/store/edge.ts'
import { formationOf } from '#controller/store/formation.ts'
import { routesInto } from '#controller/store/routes.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'
import { copiesOf, taskOf } from './copy.ts'
import type { Making, Target } from './copy.ts'
import { isLive, isOpen } from './deployment.ts'
import type { Wanted } from './plan.ts'
import { keyOf } from './route-table.ts'

/** An environment, and what its copies and routes need to know of it. */
export interface Place {
  readonly environmentId: string
  readonly environment: string
  readonly app: AppRow
  readonly subnet: string
  /** What leads to it: its hosts, and paths of others. */
  readonly rules: readonly RouteRule[]
  /** What the router does for it; undefined: nothing beyond finding it. */
  readonly settings: RouteSettings | undefined
  /** Its routes go by this, see route-table.ts. */
  readonly key: string
}

/** What an environment should come to, and the rows it was read from. */
export interface Wish {
  readonly place: Place
  readonly wanted: Wanted
  readonly deployed: readonly Deployed[]
}

/** What the routes of every environment go by, by its id. */
export async function readKeys(db: Store): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('environments')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .select(['environments.id', 'environments.name as environment', 'apps.name as app'])
    .orderBy('environments.id')
    .execute()
  return new Map(rows.map((row) => [row.id, keyOf(row)]))
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
  const hosts = await hostsOf(db, environmentId)
  const rules = rulesOf(key, hosts, await routesInto(db, environmentId))
  const settings = routeSettings(readEdge(await edgeOf(db, environmentId)))
  return { environmentId, environment, app, subnet, rules, settings, key }
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
  const isFirst = !deployed.some((row) => isLive(row.state))
  const toTarget = (row: Deployed): Target =>
    targetOf(row, { instance, app: place.app.name, quantities, isFirst })
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
  { isFirst, ...about }: Pick<Making, 'instance' | 'app' | 'quantities'> & { isFirst: boolean },
): Target {
  const processTypes = JSON.parse(row.process_types) as ProcessTypes
  const release = row.version
  const port = exposedPort(row)
  const named = { deploymentId: row.id, copiesOf: row.copies_of }
  const checks = JSON.parse(row.health_checks) as HealthCheck[]
  const making = { ...about, ...named, release, processTypes, checks, ...port }
  return {
    id: row.id,
    version: row.version,
    state: row.state,
    deadlineMs: Date.parse(row.deadline_at),
    copies: copiesOf(making),
    task: row.reason === 'restart' ? null : taskOf(making, isFirst),
    adopts: row.copies_of !== null,
  }
}

function exposedPort({ artifact }: Deployed): { port?: number } {
  if (artifact === null) return {}
  const read = JSON.parse(artifact) as Artifact
  return read.kind === 'image' && read.port !== undefined ? { port: read.port } : {}
}
