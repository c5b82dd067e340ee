import type { EdgeLimit, EdgeSettings, Hsts } from '#contract/edge.ts'
import type { RouteSettings } from '#contract/route.ts'

/** What is kept of an environment's edge: as the API shows it, with the hashes of passwords. */
export interface Edge extends Omit<EdgeSettings, 'auth'> {
  readonly auth: { readonly user: string; readonly hash: string }[]
}

const noLimits: EdgeSettings['limits'] = {
  first_byte_ms: null,
  rolling_ms: null,
  body_limit: null,
  app_cap: null,
  instance_cap: null,
  queue: null,
  hold_ms: null,
}

/** Before anything was set. */
const plainEdge: Edge = Object.freeze({
  maintenance: false,
  maintenance_page: null,
  error_page: null,
  allow: [],
  https: false,
  hsts: null,
  limits: noLimits,
  auth: [],
})

/** Reads what was kept; what a later version added is not lost, what it lacks is as usual. */
export function readEdge(json: string | undefined): Edge {
  const kept = JSON.parse(json ?? '{}') as Partial<Edge>
  return { ...plainEdge, ...kept, limits: { ...noLimits, ...kept.limits } }
}

/** As people may see it. */
export function shownEdge({ auth, ...edge }: Edge): EdgeSettings {
  return { ...edge, auth: auth.map(({ user }) => ({ user })) }
}

/** As the router is told it; undefined when nothing differs from its defaults. */
export function routeSettings(edge: Edge): RouteSettings | undefined {
  const { maintenance, maintenance_page, error_page, allow, auth, https, hsts, limits } = edge
  const settings: RouteSettings = {
    ...(maintenance ? { maintenance } : {}),
    ...(maintenance && maintenance_page !== null ? { maintenance_page } : {}),
    ...(error_page === null ? {} : { error_page }),
    ...(allow.length === 0 ? {} : { allow }),
    ...(auth.length === 0 ? {} : { auth }),
    ...(https ? { https } : {}),
    ...(hsts === null ? {} : { hsts: hstsValue(hsts) }),
    ...given(limits),
  }
  return Object.keys(settings).length === 0 ? undefined : settings
}

function given(limits: EdgeSettings['limits']): Partial<Record<EdgeLimit, number>> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null))
}

function hstsValue({ max_age, include_subdomains, preload }: Hsts): string {
  const parts = [
    `max-age=${max_age}`,
    ...(include_subdomains ? ['includeSubDomains'] : []),
    ...(preload ? ['preload'] : []),
  ]
  return parts.join('; ')
}
