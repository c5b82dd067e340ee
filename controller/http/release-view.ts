import type { HealthCheck } from '#contract/health-check.ts'
import type { ProcessTypes, Release } from '#contract/release.ts'
import { standingOf } from '#controller/release/standing.ts'
import { slugById } from '#controller/store/builds.ts'
import { receiptOf } from '#controller/store/deployments.ts'
import { newestDeployments, servingReleaseId } from '#controller/store/standing.ts'
import type {
  AppRow,
  DeploymentRow,
  EnvironmentRow,
  ReleaseRow,
  Store,
} from '#controller/store/tables.ts'
import { userById } from '#controller/store/users.ts'

export interface Place {
  readonly app: AppRow
  readonly environment: EnvironmentRow
}

/** Releases of one environment as the API shows them. */
export async function releasesOf(
  db: Store,
  place: Place,
  rows: readonly ReleaseRow[],
): Promise<Release[]> {
  const ids = rows.map((row) => row.id)
  const deployments = await newestDeployments(db, ids)
  const serving = await servingReleaseId(db, place.environment.id)
  return Promise.all(
    rows.map((row) => show(db, place, row, { deployment: deployments.get(row.id), serving })),
  )
}

/** One release as the API shows it. */
export async function releaseOf(db: Store, place: Place, row: ReleaseRow): Promise<Release> {
  const [release] = await releasesOf(db, place, [row])
  if (release === undefined) throw new TypeError('one row makes one release')
  return release
}

interface Seen {
  readonly deployment: DeploymentRow | undefined
  readonly serving: string | undefined
}

async function show(
  db: Store,
  { app, environment }: Place,
  row: ReleaseRow,
  { deployment, serving }: Seen,
): Promise<Release> {
  const { status, failure, updatedAt } = standingOf(deployment, row)
  const user = await userById(db, row.user_id)
  return {
    id: row.id,
    version: row.version,
    description: row.description,
    status,
    current: row.id === serving,
    app: { id: app.id, name: app.name },
    environment: { id: environment.id, name: environment.name },
    slug: row.slug_id === null ? null : await slugOf(db, row.slug_id),
    process_types: JSON.parse(row.process_types) as ProcessTypes,
    health_checks: JSON.parse(row.health_checks) as HealthCheck[],
    config_keys: JSON.parse(row.config_keys) as string[],
    user: { id: row.user_id, email: user?.email ?? '' },
    failure,
    receipt: receiptOf(deployment),
    created_at: row.created_at,
    updated_at: updatedAt,
  }
}

async function slugOf(db: Store, id: string): Promise<Release['slug']> {
  const slug = await slugById(db, id)
  return slug === undefined ? null : { id, digest: slug.digest, commit: slug.commit_id }
}
