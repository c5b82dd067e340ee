import { type Formation, listFormation, scale } from '#contract/process.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { scalableTypes } from '#controller/release/formation.ts'
import { scaleTo } from '#controller/release/scale.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { formationOf } from '#controller/store/formation.ts'
import { newestRelease } from '#controller/store/releases.ts'
import type { AppRow } from '#controller/store/tables.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveFormation(http: Http, deps: Deps): void {
  serve(http, listFormation, async ({ app }) => show(deps, app))

  serve(http, scale, async ({ app, user, body }) => {
    const environment = await environmentOf(deps.db, app.id)
    const limit = deps.config.copiesLimit
    await scaleTo(deps, { app, environment, actor: user.email, limit }, body.updates)
    deps.kick(environment.id)
    return show(deps, app)
  })
}

async function show({ db, config }: Deps, app: AppRow): Promise<Formation[]> {
  const environment = await environmentOf(db, app.id)
  const newest = await newestRelease(db, environment.id)
  const types = JSON.parse(newest?.process_types ?? '{}') as ProcessTypes
  const quantities = new Map(
    (await formationOf(db, environment.id)).map((row) => [row.type, row.quantity]),
  )
  return scalableTypes(types).map((type) => ({
    type,
    command: types[type] ?? '',
    quantity: quantities.get(type) ?? 0,
    size: `${Math.round(config.limits.memoryBytes / 1024 ** 2)}M`,
    app: { id: app.id, name: app.name },
  }))
}
