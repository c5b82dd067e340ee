import type { RouteRow, Store } from './tables.ts'

/** A route, the app that answers on it, and the environment whose host it is on. */
export interface PlacedRoute extends RouteRow {
  readonly app_id: string
  readonly app: string
  readonly host_environment_id: string
}

export async function insertRoute(db: Store, row: RouteRow): Promise<void> {
  await db.insertInto('routes').values(row).execute()
}

/** Those whose requests an environment answers. */
export function routesInto(db: Store, environmentId: string): Promise<RouteRow[]> {
  return db
    .selectFrom('routes')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .orderBy('host')
    .orderBy('path')
    .execute()
}

/** Those on the hosts of an environment, wherever they lead. */
export function routesOn(db: Store, environmentId: string): Promise<PlacedRoute[]> {
  return placed(db).where('domains.environment_id', '=', environmentId).execute()
}

/** Those on its hosts and those that lead to it, by host and path. */
export function routesAround(db: Store, environmentId: string): Promise<PlacedRoute[]> {
  return placed(db)
    .where((or) =>
      or.or([
        or('domains.environment_id', '=', environmentId),
        or('routes.environment_id', '=', environmentId),
      ]),
    )
    .execute()
}

function placed(db: Store) {
  return db
    .selectFrom('routes')
    .innerJoin('domains', 'domains.host', 'routes.host')
    .innerJoin('environments', 'environments.id', 'routes.environment_id')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .selectAll('routes')
    .select([
      'apps.id as app_id',
      'apps.name as app',
      'domains.environment_id as host_environment_id',
    ])
    .orderBy('routes.host')
    .orderBy('routes.path')
}

export async function deleteRoute(db: Store, id: string): Promise<void> {
  await db.deleteFrom('routes').where('id', '=', id).execute()
}
