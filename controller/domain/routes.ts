import { randomUUID } from 'node:crypto'
import type { addRoute } from '#contract/domain.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import { failure } from '#contract/error.ts'
import { findApp } from '#controller/app/find.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { hostsOf } from '#controller/store/domains.ts'
import { environmentOf } from '#controller/store/environments.ts'
import {
  deleteRoute,
  insertRoute,
  type PlacedRoute,
  routesAround,
} from '#controller/store/routes.ts'
import type { AppRow, RouteRow, Store } from '#controller/store/tables.ts'
import { type DomainDeps, findDomain, type Place } from './domains.ts'
import { readPath, readTarget } from './route.ts'

type NewRoute = BodyOf<typeof addRoute>

const limit = 1000

/**
 * Leads a path of one of an app's hosts to this or another app, or redirects it. Who asks must be able
 * to work on both. Throws DOMAIN_NOT_FOUND, APP_NOT_FOUND, ROUTE_INVALID or ROUTE_TAKEN.
 */
export async function placeRoute(
  { db, now }: DomainDeps,
  { app, environment, user }: Place,
  wanted: NewRoute,
): Promise<PlacedRoute> {
  const at = now().toISOString()
  return db.transaction().execute(async (trx) => {
    const { host } = await findDomain(trx, app, environment, wanted.host)
    const target = await targetOf(trx, user, app, wanted.to)
    const into = await environmentOf(trx, target.id)
    const others = await hostsOf(trx, environment.id)
    const row = rowOf(host, others, wanted, { environment_id: into.id, created_at: at })
    const present = await routesAround(trx, environment.id)
    if (present.some((one) => one.host === host && one.path === row.path)) {
      throw failure('ROUTE_TAKEN', { route: written(row), app: app.name })
    }
    if (present.length >= limit) {
      throw failure('DOMAINS_FULL', { app: app.name, limit, what: 'routes' })
    }
    await insertRoute(trx, row)
    const detail = { route: written(row), to: row.redirect_to ?? target.name }
    const deed = { actor: user.email, action: 'route.add', target: app.name, detail }
    await recordDeed(trx, { at, ...deed })
    const answers = { app_id: target.id, app: target.name }
    return { ...row, ...answers, host_environment_id: environment.id }
  })
}

/** Removes a route on the app's hosts, or one that leads to it. Throws ROUTE_NOT_FOUND. */
export async function dropRoute(
  { db, now }: DomainDeps,
  { app, environment, user }: Place,
  named: string,
): Promise<PlacedRoute> {
  const at = now().toISOString()
  return db.transaction().execute(async (trx) => {
    const rows = await routesAround(trx, environment.id)
    const wanted = named.replace(/(.)\/$/, '$1').toLowerCase()
    const row = rows.find((one) => one.id === named || isNamed(one, wanted))
    if (row === undefined) {
      throw failure('ROUTE_NOT_FOUND', { route: named.slice(0, 300), app: app.name })
    }
    await deleteRoute(trx, row.id)
    const detail = { route: written(row) }
    const deed = { actor: user.email, action: 'route.remove', target: app.name, detail }
    await recordDeed(trx, { at, ...deed })
    return row
  })
}

async function targetOf(
  db: Store,
  user: Place['user'],
  app: AppRow,
  to: string | undefined,
): Promise<AppRow> {
  const target = to === undefined ? app : await findApp(db, user, to)
  if (target === undefined) throw failure('APP_NOT_FOUND', { app: to ?? '' })
  return target
}

function rowOf(
  host: string,
  others: readonly string[],
  { path: text = '/', strip = false, redirect }: NewRoute,
  rest: Pick<RouteRow, 'environment_id' | 'created_at'>,
): RouteRow {
  const path = readPath(text)
  const to = redirect === undefined ? null : readTarget(redirect.to, { host, path, others })
  if (path === '/' && to === null) {
    throw wrong(`${host} without a path leads to its app already; name a path, or move the domain`)
  }
  if (strip && to !== null) throw wrong('a redirect takes its path off anyway')
  return {
    id: randomUUID(),
    host,
    path,
    strip: strip ? 1 : 0,
    redirect_to: to,
    redirect_status: to === null ? null : (redirect?.status ?? 301),
    ...rest,
  }
}

function isNamed(route: RouteRow, text: string): boolean {
  return [route.host + route.path, written(route)].some((name) => name.toLowerCase() === text)
}

/** `shop.example.org/api`; a whole host without its slash. */
function written({ host, path }: RouteRow): string {
  return path === '/' ? host : `${host}${path}`
}

function wrong(reason: string): Error {
  return failure('ROUTE_INVALID', { reason })
}
