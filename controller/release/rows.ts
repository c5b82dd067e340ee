import type { CronEntry } from '#contract/cron.ts'
import type { HealthCheck } from '#contract/health-check.ts'
import type { ProcessTypes } from '#contract/release.ts'
import type { Vault } from '#controller/seal.ts'
import type { AppRow, ReleaseRow } from '#controller/store/tables.ts'
import { noRelease, type Release } from './release.ts'

/** What a row says; `noRelease` where there is none. */
export function releaseFrom(vault: Vault, app: AppRow, row: ReleaseRow | undefined): Release {
  if (row === undefined) return noRelease
  return {
    version: row.version,
    buildId: row.build_id,
    slugId: row.slug_id,
    config: vault.unseal(app, row.config),
    processTypes: JSON.parse(row.process_types) as ProcessTypes,
    healthChecks: JSON.parse(row.health_checks) as HealthCheck[],
    cron: JSON.parse(row.cron) as CronEntry[],
    description: row.description,
  }
}

/** Who and where, to make a row of a release. */
export interface Origin {
  readonly id: string
  readonly app: AppRow
  readonly environmentId: string
  readonly userId: string
  readonly at: string
}

export function rowOf(vault: Vault, release: Release, origin: Origin): ReleaseRow {
  return {
    id: origin.id,
    environment_id: origin.environmentId,
    version: release.version,
    build_id: release.buildId,
    slug_id: release.slugId,
    config: vault.seal(origin.app, release.config),
    config_keys: JSON.stringify(Object.keys(release.config)),
    process_types: JSON.stringify(release.processTypes),
    description: release.description,
    user_id: origin.userId,
    created_at: origin.at,
    health_checks: JSON.stringify(release.healthChecks),
    cron: JSON.stringify(release.cron),
  }
}
