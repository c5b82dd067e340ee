import type { BuildSettings } from '#contract/buildpack.ts'
import type { Store } from './tables.ts'

/** What holds for an app nobody said anything about. */
const usual: BuildSettings = Object.freeze({
  buildpacks: [],
  root: '',
  dockerfile: null,
  target: null,
})

export async function buildSettingsOf(db: Store, appId: string): Promise<BuildSettings> {
  const row = await db
    .selectFrom('build_settings')
    .select(['buildpacks', 'root', 'dockerfile', 'target'])
    .where('app_id', '=', appId)
    .executeTakeFirst()
  return row === undefined ? usual : { ...row, buildpacks: JSON.parse(row.buildpacks) as string[] }
}

export async function keepBuildSettings(
  db: Store,
  appId: string,
  { buildpacks, root, dockerfile, target = null }: BuildSettings,
  now: string,
): Promise<void> {
  const change = {
    buildpacks: JSON.stringify(buildpacks),
    root,
    dockerfile,
    target,
    updated_at: now,
  }
  await db
    .insertInto('build_settings')
    .values({ app_id: appId, ...change })
    .onConflict((on) => on.column('app_id').doUpdateSet(change))
    .execute()
}
