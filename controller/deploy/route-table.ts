import type { Route, RouteInstance, RouteTable } from '#contract/route.ts'
import type { Instance } from '#driver/driver.ts'
import { webPort } from './copy.ts'

/** What the routes of an environment go by: it is the same for the next controller, and on the wire. */
export function keyOf(route: { readonly app: string; readonly environment: string }): string {
  return `${route.app}/${route.environment}`
}

/** Every host of an environment, each to all of its copies; a host without copies is a route too. */
export function routesTo(
  place: { readonly app: string; readonly environment: string; readonly hosts: readonly string[] },
  copies: readonly Instance[],
): Route[] {
  const instances = copies.flatMap(targetOf).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const { app, environment } = place
  return place.hosts.map((host) => ({ host, app, environment, instances }))
}

function targetOf({ name, release, address }: Instance): RouteInstance[] {
  return address === null ? [] : [{ id: name, release, host: address, port: webPort }]
}

/**
 * The whole table. An environment that has not said what it wants keeps what the router has of it:
 * so a controller that starts, or cannot reach the engine, takes nothing away.
 */
export function compose(
  known: readonly string[],
  wanted: ReadonlyMap<string, readonly Route[]>,
  present: RouteTable,
): Route[] {
  return known
    .flatMap((key) => wanted.get(key) ?? present.routes.filter((route) => keyOf(route) === key))
    .toSorted((a, b) => (a.host < b.host ? -1 : 1))
}

/** Whatever the order of keys the router answers in. */
export function isSame(a: readonly Route[], b: readonly Route[]): boolean {
  return JSON.stringify(a.map(plain)) === JSON.stringify(b.map(plain))
}

function plain({ host, app, environment, instances }: Route): unknown {
  return [host, app, environment, instances.map((one) => [one.id, one.release, one.host, one.port])]
}
