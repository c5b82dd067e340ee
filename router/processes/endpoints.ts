import { Type } from 'typebox'
import { endpoint } from '#contract/endpoint.ts'

/** What processes of the router say to each other, beside what the controller says to them. */

/**
 * Another router takes over: the one asked takes no more connections and calls, and drains. Its
 * answer comes when nothing of it writes the table's file any more. From then on it is found, and
 * asked, as one that drains.
 */
export const stepAside = endpoint({
  method: 'POST',
  path: '/step-aside',
  summary: 'Leave the listening sockets to another router, and drain.',
  allow: 'controller',
  reply: Type.Object({
    pid: Type.Integer(),
    /** Of the table in force. */
    number: Type.Integer(),
    /** Of processes that drain, and have not yet left it what they counted. */
    draining: Type.Array(Type.Integer()),
    /** What it was told that is on no disk: for each, the path and the body of a call. */
    known: Type.Array(Type.Object({ path: Type.String(), body: Type.Object({}) })),
  }),
})

/** Told to a worker when it has been told all that the others know. */
export const beginServing = endpoint({
  method: 'POST',
  path: '/begin',
  summary: 'Listen for the world.',
  allow: 'controller',
  reply: Type.Object({
    port: Type.Integer(),
    https_port: Type.Integer(),
    transport: Type.String(),
  }),
})

/** Told to a worker that is to end; when told again, the time given last holds. */
export const drainWorker = endpoint({
  method: 'POST',
  path: '/drain',
  summary: 'Take no more connections, let requests end, and end.',
  allow: 'controller',
  body: Type.Object({
    grace_ms: Type.Integer({ minimum: 0 }),
    rest_ms: Type.Integer({ minimum: 0 }),
  }),
  reply: Type.Object({ pid: Type.Integer() }),
})

/** Answered by every process of the platform. */
export const health = endpoint({
  method: 'GET',
  path: '/health',
  summary: 'Whether the process answers.',
  allow: 'anyone',
  reply: Type.Object({ ok: Type.Boolean() }),
})
