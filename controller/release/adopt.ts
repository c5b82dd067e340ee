import { isDeepStrictEqual } from 'node:util'
import type { HealthCheck } from '#contract/health-check.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { slugById } from '#controller/store/builds.ts'
import { servingDeployment } from '#controller/store/deployments.ts'
import type { Store } from '#controller/store/tables.ts'
import type { Place, ReleaseDeps } from './make.ts'
import type { Release } from './release.ts'

/**
 * The deployment whose running copies are what a new release would start: same code, config, process
 * types and health checks. Null when it must start its own. See docs/decisions/0013.
 */
export async function copiesFor(
  { db, vault }: Pick<ReleaseDeps, 'db' | 'vault'>,
  { app, environment }: Pick<Place, 'app' | 'environment'>,
  release: Release,
): Promise<string | null> {
  const serving = await servingDeployment(db, environment.id)
  if (serving === undefined) return null
  const types = JSON.parse(serving.process_types) as ProcessTypes
  const checks = JSON.parse(serving.health_checks) as HealthCheck[]
  const isSame =
    isDeepStrictEqual(types, release.processTypes) &&
    isDeepStrictEqual(checks, release.healthChecks) &&
    isDeepStrictEqual(vault.unseal(app, serving.config), release.config) &&
    (await isSameCode(db, serving.slug_id, release.slugId))
  return isSame ? (serving.copies_of ?? serving.id) : null
}

/** Every push has a slug of its own, though what was built may be the same. */
async function isSameCode(db: Store, one: string | null, other: string | null): Promise<boolean> {
  if (one === null || other === null) return false
  const [a, b] = await Promise.all([slugById(db, one), slugById(db, other)])
  return (
    a !== undefined && a.digest === b?.digest && a.artifact === b.artifact && a.stack === b.stack
  )
}
