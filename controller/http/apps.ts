import { type App, createApp, destroyApp, getApp, listApps, updateApp } from '#contract/app.ts'
import { changeBuildSettings } from '#controller/app/build-settings.ts'
import { makeApp } from '#controller/app/create.ts'
import { destroy } from '#controller/app/destroy.ts'
import { changeStack, findStack } from '#controller/app/stack.ts'
import { changeEdge, currentEdge } from '#controller/domain/edge.ts'
import { pageHost } from '#controller/domain/page.ts'
import { allApps, appsOf } from '#controller/store/apps.ts'
import { buildSettingsOf } from '#controller/store/build-settings.ts'
import { isManual } from '#controller/store/certificates.ts'
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

  serve(http, updateApp, async ({ app, user, body }) => {
    const environment = await environmentOf(db, app.id)
    const { maintenance, build_stack, dockerfile_target: target, ...paths } = body
    const built = target === undefined ? paths : { ...paths, target }
    // First all that can be refused.
    if (build_stack !== undefined) findStack(build_stack)
    await changeBuildSettings(deps, app, user.email, built)
    const row = await changeStack(deps, app, user.email, build_stack ?? app.stack)
    if (maintenance !== undefined) {
      await changeEdge(deps, { app, environment, user }, { maintenance })
    }
    kick(environment.id)
    return appOf(deps, row)
  })

  serve(http, destroyApp, async ({ app, user }) => {
    const last = await appOf(deps, app)
    await destroy(deps, app, user.email)
    kick()
    return last
  })
}

/** An app as the API shows it. */
export async function appOf({ db, config }: Deps, row: AppRow): Promise<App> {
  const environment = await environmentOf(db, row.id)
  const owner = await userById(db, row.owner_id)
  const released = await newestWithCode(db, environment.id)
  const { root, dockerfile, target = null } = await buildSettingsOf(db, row.id)
  return {
    id: row.id,
    name: row.name,
    owner: { id: row.owner_id, email: owner?.email ?? '' },
    git_url: gitUrl(config, row.name),
    web_url: webUrl(config, await pageHost(db, config, row.name, environment.id)),
    stack: { name: released?.stack ?? row.stack },
    build_stack: { name: row.stack },
    environment: { id: environment.id, name: environment.name },
    created_at: row.created_at,
    updated_at: row.updated_at,
    released_at: released?.created_at ?? null,
    slug_size: released?.size_bytes ?? null,
    maintenance: (await currentEdge(db, environment.id)).maintenance,
    root: root === '' ? null : root,
    dockerfile,
    dockerfile_target: target,
    acm: !(await isManual(db, row.id)),
  }
}
