import { siteKey } from '#contract/route.ts'
import type { RouteInstance, RouteRule, RouteSettings, RouteSite } from '#contract/route.ts'
import type { Instance } from '#driver/driver.ts'
import { portOf } from './copy.ts'

/** What the routes of an environment go by: it is the same for the next controller, and on the wire. */
export const keyOf = siteKey

/** What an environment wants of the router. */
export interface Offer {
  readonly site: RouteSite
  readonly rules: readonly RouteRule[]
}

export interface Offering {
  readonly app: string
  readonly environment: string
  readonly rules: readonly RouteRule[]
  readonly settings: RouteSettings | undefined
}

/** All that leads to an environment, and all of its copies; without copies it is routed too. */
export function offerOf(place: Offering, copies: readonly Instance[]): Offer {
  const { app, environment, rules, settings } = place
  const instances = copies.flatMap(targetOf).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const site = { app, environment, instances }
  return { site: settings === undefined ? site : { ...site, settings }, rules }
}

function targetOf(instance: Instance): RouteInstance[] {
  const { name, release, address } = instance
  return address === null ? [] : [{ id: name, release, host: address, port: portOf(instance) }]
}
