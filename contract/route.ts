import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/** What the controller tells the router. The router listens for it on its own admin address. */

/** A copy that answers requests. An address is never enough: it carries whose it is. */
export const RouteInstance = Type.Object({
  /** Deterministic name of the copy, unique over all time. */
  id: Type.String(),
  release: Type.Integer(),
  host: Type.String(),
  port: Type.Integer(),
})
export type RouteInstance = Static<typeof RouteInstance>

export const Route = Type.Object({
  /** Lower case, no port. */
  host: Type.String(),
  app: Type.String(),
  environment: Type.String(),
  instances: Type.Array(RouteInstance),
})
export type Route = Static<typeof Route>

/** Immutable, numbered, replaced whole. A table with a number not above the present one is ignored. */
export const RouteTable = Type.Object({ number: Type.Integer(), routes: Type.Array(Route) })
export type RouteTable = Static<typeof RouteTable>

/** Answers the number of the table in force afterwards, which may be newer than the one sent. */
export const putTable = endpoint({
  method: 'PUT',
  path: '/table',
  summary: 'Replace the routing table.',
  allow: 'controller',
  body: RouteTable,
  reply: Type.Object({ number: Type.Integer() }),
})

export const getTable = endpoint({
  method: 'GET',
  path: '/table',
  summary: 'The routing table in force.',
  allow: 'controller',
  reply: RouteTable,
})

/**
 * Waits until none of these instances has a request in flight, at most `wait_ms` (≤ 60,000). Long
 * ones that remain are named in `busy`. With the table that leaves them out this is the `swap` that
 * makes a deploy lossless. Upgraded connections (WebSockets) do not count as requests; with
 * `close` true those that remain are closed first.
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
  }),
  reply: Type.Object({ busy: Type.Array(Type.String()) }),
})
