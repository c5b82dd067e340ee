import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/** What the controller tells the router. The router listens for it on its own admin address. */

/** A copy that answers requests. An address is never enough: it carries whose it is. */
export const RouteInstance = Type.Object({
  /** Deterministic name of the copy, unique over all time. */
  id: Type.String(),
  release: Type.Integer(),
  /** An IP address. */
  host: Type.String(),
  port: Type.Integer(),
})
export type RouteInstance = Static<typeof RouteInstance>

const RouteUser = Type.Object({
  user: Type.String(),
  /** `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
  hash: Type.String(),
})

/** What holds for every request to a site; what is left out is as the router has it by default. */
export const RouteSettings = Type.Object({
  /** 503 with a page, instead of the app. */
  maintenance: Type.Optional(Type.Boolean()),
  /** HTML, at most 64 KiB, as is `error_page`. */
  maintenance_page: Type.Optional(Type.String()),
  /** HTML for a 502, 503 or 504 of the router's own. */
  error_page: Type.Optional(Type.String()),
  /** Addresses and networks (`10.0.0.0/8`) that may ask; others get a 403. */
  allow: Type.Optional(Type.Array(Type.String())),
  /** Who may ask, with a password; others get a 401. */
  auth: Type.Optional(Type.Array(RouteUser)),
  /** Sends http to https. */
  https: Type.Optional(Type.Boolean()),
  /** Value of Strict-Transport-Security, sent over TLS. */
  hsts: Type.Optional(Type.String()),
  first_byte_ms: Type.Optional(Type.Integer({ minimum: 1 })),
  rolling_ms: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Of a request's body, in bytes; more gets a 413. */
  body_limit: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Requests in flight to all instances, and to each; more wait. */
  app_cap: Type.Optional(Type.Integer({ minimum: 1 })),
  instance_cap: Type.Optional(Type.Integer({ minimum: 1 })),
  /** How many may wait. */
  queue: Type.Optional(Type.Integer({ minimum: 0 })),
  /** How long a request waits for an instance or a slot. */
  hold_ms: Type.Optional(Type.Integer({ minimum: 0 })),
})
export type RouteSettings = Static<typeof RouteSettings>

/** An environment as the router knows it. */
export const RouteSite = Type.Object({
  app: Type.String(),
  environment: Type.String(),
  instances: Type.Array(RouteInstance),
  settings: Type.Optional(RouteSettings),
})
export type RouteSite = Static<typeof RouteSite>

/** What the rules of a site name it by. */
export function siteKey(site: { readonly app: string; readonly environment: string }): string {
  return `${site.app}/${site.environment}`
}

const RouteRedirect = Type.Object({
  /** An absolute URL, or a path; the rest of path and query is appended. */
  to: Type.String(),
  status: Type.Union([Type.Literal(301), Type.Literal(302), Type.Literal(307), Type.Literal(308)]),
})
export type RouteRedirect = Static<typeof RouteRedirect>

/** Which requests a site gets. Of the rules that fit, exact hosts come first, then longer paths. */
export const RouteRule = Type.Object({
  /** Lower case, no port; `*.example.org` is every name with exactly one label more. */
  host: Type.String(),
  /** `/api`: this and all below it; every path unless told. */
  path: Type.Optional(Type.String()),
  /** The path of the rule is taken off before the app sees it. */
  strip: Type.Optional(Type.Boolean()),
  /** Key of a site, see `siteKey`. */
  site: Type.String(),
  redirect: Type.Optional(RouteRedirect),
})
export type RouteRule = Static<typeof RouteRule>

const RulePlace = Type.Object({ host: Type.String(), path: Type.Optional(Type.String()) })
export type RulePlace = Static<typeof RulePlace>

/** Numbered, and whole. A table with a number not above the present one is ignored. */
export const RouteTable = Type.Object({
  number: Type.Integer(),
  sites: Type.Array(RouteSite),
  rules: Type.Array(RouteRule),
})
export type RouteTable = Static<typeof RouteTable>

/** The way from the table numbered `after` to the one numbered `number`. */
export const TableChange = Type.Object({
  after: Type.Integer(),
  number: Type.Integer(),
  /** Put, by key. */
  sites: Type.Array(RouteSite),
  /** Put, by host and path. */
  rules: Type.Array(RouteRule),
  gone_sites: Type.Array(Type.String()),
  gone_rules: Type.Array(RulePlace),
})
export type TableChange = Static<typeof TableChange>

const TableNumber = Type.Object({ number: Type.Integer() })

/** Answers the number of the table in force afterwards, which may be newer than the one sent. */
export const putTable = endpoint({
  method: 'PUT',
  path: '/table',
  summary: 'Replace the routing table.',
  allow: 'controller',
  body: RouteTable,
  reply: TableNumber,
})

export const getTable = endpoint({
  method: 'GET',
  path: '/table',
  summary: 'The routing table in force.',
  allow: 'controller',
  reply: RouteTable,
})

/** Numbers are never given twice: who knows the number knows the table. */
export const getTableNumber = endpoint({
  method: 'GET',
  path: '/table/number',
  summary: 'The number of the routing table in force.',
  allow: 'controller',
  reply: TableNumber,
})

/** Refused with TABLE_STALE when `after` is not the table in force: then ask for that one. */
export const changeTable = endpoint({
  method: 'PATCH',
  path: '/table',
  summary: 'Change the routing table.',
  allow: 'controller',
  body: TableChange,
  reply: TableNumber,
  errors: ['TABLE_STALE'],
})

/**
 * Waits until none of these instances has a request in flight, at most `wait_ms` (≤ 60,000). Long
 * ones that remain are named in `busy`. With the table that leaves them out this is the `swap` that
 * makes a deploy lossless. Upgraded connections (WebSockets) count only with `tunnels` true; with
 * `close` true those that remain are closed first: a WebSocket hears 1001, "going away".
 */
export const awaitIdle = endpoint({
  method: 'POST',
  path: '/idle',
  summary: 'Wait until instances have no request in flight.',
  allow: 'controller',
  body: Type.Object({
    instances: Type.Array(Type.String()),
    wait_ms: Type.Integer({ minimum: 0, maximum: 60_000 }),
    close: Type.Optional(Type.Boolean()),
    tunnels: Type.Optional(Type.Boolean()),
  }),
  reply: Type.Object({ busy: Type.Array(Type.String()) }),
})

/** What the router says itself instead of asking the app. */
export const WhyInstead = Type.Object({
  status: Type.Integer(),
  reason: Type.Union([
    Type.Literal('no_rule'),
    Type.Literal('redirect'),
    Type.Literal('https'),
    Type.Literal('allow'),
    Type.Literal('auth'),
    Type.Literal('maintenance'),
    Type.Literal('no_instance'),
    Type.Literal('full'),
  ]),
  /** H-code of the access line. */
  code: Type.Optional(Type.String()),
  /** Where a redirect leads. */
  location: Type.Optional(Type.String()),
})
export type WhyInstead = Static<typeof WhyInstead>

export const WhyInstance = Type.Object({
  id: Type.String(),
  release: Type.Integer(),
  host: Type.String(),
  port: Type.Integer(),
  in_flight: Type.Integer(),
  /** Upgraded connections. */
  tunnels: Type.Integer(),
  /** Connections that wait for a request. */
  idle: Type.Integer(),
  /** It refused a connection, and is asked last until it takes one; the next try is in so long. */
  ejected_ms: Type.Optional(Type.Integer()),
  picked: Type.Boolean(),
  /** Why another would be picked. */
  why_not: Type.Optional(
    Type.Union([
      Type.Literal('ejected'),
      Type.Literal('busier'),
      Type.Literal('full'),
      Type.Literal('turn'),
    ]),
  ),
})
export type WhyInstance = Static<typeof WhyInstance>

/** The certificate a name is served with. */
export const WhyCertificate = Type.Object({
  names: Type.Array(Type.String()),
  issuer: Type.String(),
  /** ISO 8601. */
  expires_at: Type.String(),
})
export type WhyCertificate = Static<typeof WhyCertificate>

export const WhyAnswer = Type.Object({
  /** Number of the table. */
  table: Type.Integer(),
  host: Type.String(),
  /** Path and query. */
  target: Type.String(),
  /** Path and query as the app would see them. */
  sent: Type.String(),
  rule: Type.Optional(RouteRule),
  app: Type.Optional(Type.String()),
  environment: Type.Optional(Type.String()),
  /** Of the site, without the hashes of passwords. */
  settings: Type.Optional(RouteSettings),
  in_flight: Type.Integer(),
  instead: Type.Optional(WhyInstead),
  instances: Type.Array(WhyInstance),
  certificate: Type.Optional(WhyCertificate),
})
export type WhyAnswer = Static<typeof WhyAnswer>

/** Which rule, settings and instance would answer a request, and why not another; asks nobody. */
export const why = endpoint({
  method: 'POST',
  path: '/why',
  summary: 'Explain how a request would be answered.',
  allow: 'controller',
  body: Type.Object({
    /** Absolute. */
    url: Type.String(),
    /** `GET` unless told. */
    method: Type.Optional(Type.String()),
    /** IP address of who asks; without it, the allow list is not judged. */
    address: Type.Optional(Type.String()),
  }),
  reply: WhyAnswer,
})
