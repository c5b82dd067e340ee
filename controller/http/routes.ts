import { addRoute, type AppRoute, listRoutes, removeRoute } from '#contract/domain.ts'
import { dropRoute, placeRoute } from '#controller/domain/routes.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { type PlacedRoute, routesAround } from '#controller/store/routes.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveRoutes(http: Http, deps: Deps): void {
  const { db, kick } = deps
  /** The host's own rule may change with it, and that belongs to the host's environment. */
  const republish = (row: PlacedRoute): void => {
    for (const id of new Set([row.environment_id, row.host_environment_id])) kick(id)
  }

  serve(http, listRoutes, async ({ app }) => {
    const rows = await routesAround(db, (await environmentOf(db, app.id)).id)
    return rows.map(routeOf)
  })

  serve(http, addRoute, async ({ app, user, body }) => {
    const place = { app, environment: await environmentOf(db, app.id), user }
    const row = await placeRoute(deps, place, body)
    republish(row)
    return routeOf(row)
  })

  serve(http, removeRoute, async ({ app, user, param }) => {
    const place = { app, environment: await environmentOf(db, app.id), user }
    const row = await dropRoute(deps, place, param('route'))
    republish(row)
    return routeOf(row)
  })
}

function routeOf(row: PlacedRoute): AppRoute {
  const { redirect_to: to, redirect_status: status } = row
  return {
    id: row.id,
    host: row.host,
    path: row.path,
    app: { id: row.app_id, name: row.app },
    strip: row.strip === 1,
    redirect: to === null ? null : { to, status: (status ?? 301) as 301 },
    created_at: row.created_at,
  }
}
