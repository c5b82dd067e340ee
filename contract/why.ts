import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'
import { RouteRule, RouteSettings, WhyCertificate, WhyInstance, WhyInstead } from './route.ts'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Union([type, Type.Null()])

const Instance = Type.Object({
  ...WhyInstance.properties,
  /** `web.1` */
  name: Type.String(),
})

/** How a request would be answered: by which rule, with which certificate, by which instance. */
export const Explanation = Type.Object({
  url: Type.String(),
  /** Number of the routing table that was asked. */
  table: Type.Integer(),
  host: Type.String(),
  /** Path and query, as they come. */
  target: Type.String(),
  /** Path and query, as the app would see them. */
  sent: Type.String(),
  rule: RouteRule,
  app: Type.Object({ id: Uuid, name: Type.String() }),
  environment: Type.Object({ id: Uuid, name: Type.String() }),
  /** Without hashes of passwords. */
  settings: RouteSettings,
  /** The one that serves; null before the first. */
  release: nullable(
    Type.Object({
      id: Uuid,
      version: Type.Integer(),
      description: Type.String(),
      created_at: Time,
    }),
  ),
  /** Requests to the app at this moment. */
  in_flight: Type.Integer(),
  /** What the router says instead of asking the app; null: the app answers. */
  instead: nullable(WhyInstead),
  instances: Type.Array(Instance),
  /** Null: none for this host, or the page is not asked for by https. */
  certificate: nullable(WhyCertificate),
})
export type Explanation = Static<typeof Explanation>

/** A host that leads to an app of others is answered as one that leads nowhere. */
export const explain = endpoint({
  method: 'POST',
  path: '/actions/why',
  summary: 'Explain how a request to one of your apps would be answered; asks no app.',
  allow: 'user',
  body: Type.Object({
    url: Type.String({ maxLength: 8192 }),
    /** `GET` unless told. */
    method: Type.Optional(Type.String({ pattern: '^[A-Za-z]{1,20}$' })),
    /** IP address of who asks; without one the allow list is not judged. */
    address: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  reply: Explanation,
  errors: ['URL_INVALID', 'NO_ROUTE', 'UNAVAILABLE'],
})
