import type { DeploymentRow, Store } from './tables.ts'

/** The newest deployment of each of these releases, by release id. */
export async function newestDeployments(
  db: Store,
  releaseIds: readonly string[],
): Promise<Map<string, DeploymentRow>> {
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('release_id', 'in', [...releaseIds])
    .orderBy('seq')
    .execute()
  return new Map(rows.map((row) => [row.release_id, row]))
}

/** The release that the router was given last; undefined before the first. */
export async function servingReleaseId(
  db: Store,
  environmentId: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('deployments')
    .select('release_id')
    .where('environment_id', '=', environmentId)
    .where('live_at', 'is not', null)
    .orderBy('live_at', 'desc')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.release_id
}
