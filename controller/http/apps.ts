import { type App, createApp, destroyApp, getApp, listApps } from '#contract/app.ts'
import { makeApp } from '#controller/app/create.ts'
import { destroy } from '#controller/app/destroy.ts'
import { allApps, appsOf } from '#controller/store/apps.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { newestWithCode } from '#controller/store/releases.ts'
import type { AppRow } from '#controller/store/tables.ts'
import { userById } from '#controller/store/users.ts'
import { gitUrl, webUrl } from './addresses.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveApps(http: Http, deps: Deps): void {
  const { db, kick } = deps

  serve(http, createApp, async ({ body, user, signal }) =>
    appOf(deps, await makeApp(deps, user, body.name, signal)),
  )

  serve(http, listApps, async ({ user }) => {
    const rows = await (user.admin ? allApps(db) : appsOf(db, user.id))
    return Promise.all(rows.map((row) => appOf(deps, row)))
  })

  serve(http, getApp, async ({ app }) => appOf(deps, app))

  serve(http, destroyApp, async ({ app, user }) => {
    const last = await appOf(deps, app)
    await destroy(deps, app, user.email)
    kick()
    return last
  })
}

async function appOf({ db, config }: Deps, row: AppRow): Promise<App> {
  const environment = await environmentOf(db, row.id)
  const owner = await userById(db, row.owner_id)
  const released = await newestWithCode(db, environment.id)
  return {
    id: row.id,
    name: row.name,
    owner: { id: row.owner_id, email: owner?.email ?? '' },
    git_url: gitUrl(config, row.name),
    web_url: webUrl(config, row.name),
    stack: { name: row.stack },
    environment: { id: environment.id, name: environment.name },
    created_at: row.created_at,
    updated_at: row.updated_at,
    released_at: released?.created_at ?? null,
    slug_size: released?.size_bytes ?? null,
  }
}
