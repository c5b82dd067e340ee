import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'

const AppRef = Type.Object({ id: Uuid, name: Type.String() })

/** `pending`: no check has found its DNS to point here yet. */
const DomainStatus = Type.Union([
  Type.Literal('pending'),
  Type.Literal('succeeded'),
  Type.Literal('failed'),
])

/** A host that leads to an app. `*.example.org` stands for one label more, no less. */
export const Domain = Type.Object({
  id: Uuid,
  app: AppRef,
  /** Lower case; letters beyond ASCII as punycode. */
  hostname: Type.String(),
  /** `platform`: given with the app. `custom`: added by somebody. */
  kind: Type.Union([Type.Literal('platform'), Type.Literal('custom')]),
  /** Where its DNS should point; null for what the platform's own DNS answers. */
  cname: Type.Union([Type.String(), Type.Null()]),
  status: DomainStatus,
  /** The certificate it is served with. */
  sni_endpoint: Type.Union([Type.Object({ id: Uuid, name: Type.String() }), Type.Null()]),
  /** Of its automatic certificate; null where none is asked for. */
  acm_status: Type.Union([
    Type.Literal('cert issued'),
    Type.Literal('pending'),
    Type.Literal('failing'),
    Type.Null(),
  ]),
  /** Why it is failing, in one sentence. */
  acm_status_reason: Type.Union([Type.String(), Type.Null()]),
  created_at: Time,
  updated_at: Time,
})
export type Domain = Static<typeof Domain>

export const listDomains = endpoint({
  method: 'GET',
  path: '/apps/:app/domains',
  summary: 'The hosts that lead to an app.',
  allow: 'app',
  reply: Type.Array(Domain),
  errors: ['APP_NOT_FOUND'],
})

export const addDomain = endpoint({
  method: 'POST',
  path: '/apps/:app/domains',
  summary: 'Lead a host to an app; takes effect at once, without a release.',
  allow: 'app',
  status: 201,
  body: Type.Object({
    hostname: Type.String({ maxLength: 1000 }),
    sni_endpoint: Type.Optional(Type.Null()),
  }),
  reply: Domain,
  errors: ['APP_NOT_FOUND', 'HOST_INVALID', 'HOST_RESERVED', 'HOST_TAKEN', 'DOMAINS_FULL'],
})

export const getDomain = endpoint({
  method: 'GET',
  path: '/apps/:app/domains/:domain',
  summary: 'One domain, by host or id.',
  allow: 'app',
  reply: Domain,
  errors: ['APP_NOT_FOUND', 'DOMAIN_NOT_FOUND'],
})

export const removeDomain = endpoint({
  method: 'DELETE',
  path: '/apps/:app/domains/:domain',
  summary: 'Take a host from an app, with its routes.',
  allow: 'app',
  query: Type.Object({
    /** Also the one the platform gave. */
    force: Type.Optional(Type.Boolean()),
  }),
  reply: Domain,
  errors: ['APP_NOT_FOUND', 'DOMAIN_NOT_FOUND', 'DOMAIN_KEPT'],
})

/** Where a host's DNS points. */
export const DomainCheck = Type.Object({
  domain: Domain,
  verdict: Type.Union([
    Type.Literal('here'),
    /** Some of its addresses are not ours: part of the requests go elsewhere. */
    Type.Literal('partly'),
    Type.Literal('elsewhere'),
    /** It has no address. */
    Type.Literal('nowhere'),
    /** DNS did not answer, or our own addresses are not known. */
    Type.Literal('unknown'),
  ]),
  /** What the host resolves to. */
  addresses: Type.Array(Type.String()),
  /** Where it should point. */
  expected: Type.Array(Type.String()),
  /** In one sentence. */
  message: Type.String(),
  /** What to do; empty when there is nothing to do. */
  hint: Type.String(),
})
export type DomainCheck = Static<typeof DomainCheck>

export const checkDomain = endpoint({
  method: 'POST',
  path: '/apps/:app/domains/:domain/actions/check',
  summary: "Look whether a host's DNS points here.",
  allow: 'app',
  reply: DomainCheck,
  errors: ['APP_NOT_FOUND', 'DOMAIN_NOT_FOUND'],
})

export const redirectStatuses = [301, 302, 307, 308] as const
const RedirectStatus = Type.Unsafe<(typeof redirectStatuses)[number]>(
  Type.Union(redirectStatuses.map((status) => Type.Literal(status))),
)

/**
 * A path of a host that leads to an app other than the rest of the host does, or is redirected. Every
 * domain has a route for all its paths without being told; that one is not listed.
 */
export const AppRoute = Type.Object({
  id: Uuid,
  host: Type.String(),
  /** On segment borders: `/api` is `/api` and `/api/…`. */
  path: Type.String(),
  /** The app whose web processes answer. */
  app: AppRef,
  /** Whether the app is asked for the path without this prefix. */
  strip: Type.Boolean(),
  redirect: Type.Union([Type.Object({ to: Type.String(), status: RedirectStatus }), Type.Null()]),
  created_at: Time,
})
export type AppRoute = Static<typeof AppRoute>

export const listRoutes = endpoint({
  method: 'GET',
  path: '/apps/:app/routes',
  summary: "The routes on an app's hosts, and those from elsewhere that lead to it.",
  allow: 'app',
  reply: Type.Array(AppRoute),
  errors: ['APP_NOT_FOUND'],
})

export const addRoute = endpoint({
  method: 'POST',
  path: '/apps/:app/routes',
  summary: "Lead a path of one of the app's hosts to another app, or redirect it.",
  allow: 'app',
  status: 201,
  body: Type.Object({
    host: Type.String({ maxLength: 1000 }),
    path: Type.Optional(Type.String({ maxLength: 1024 })),
    /** Name or id of the app that answers, one you may work on; this app unless told. */
    to: Type.Optional(Type.String()),
    strip: Type.Optional(Type.Boolean()),
    redirect: Type.Optional(
      Type.Object({
        /** Absolute URL or path; what follows the route's path is appended, with the query. */
        to: Type.String({ maxLength: 2048 }),
        status: Type.Optional(RedirectStatus),
      }),
    ),
  }),
  reply: AppRoute,
  errors: ['APP_NOT_FOUND', 'DOMAIN_NOT_FOUND', 'ROUTE_INVALID', 'ROUTE_TAKEN', 'DOMAINS_FULL'],
})

export const removeRoute = endpoint({
  method: 'DELETE',
  path: '/apps/:app/routes/:route',
  summary: 'Remove a route, by id or `HOST/path`.',
  allow: 'app',
  reply: AppRoute,
  errors: ['APP_NOT_FOUND', 'ROUTE_NOT_FOUND'],
})
