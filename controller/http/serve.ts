import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { BodyOf, Endpoint, QueryOf, ReplyOf } from '#contract/endpoint.ts'
import type { AppRow } from '#controller/store/tables.ts'
import type { Log } from '#lib/log.ts'
import { refuseUnacceptable } from './accept.ts'
import type { User } from './actor.ts'
import type { Pass } from './doorman.ts'

/** Where endpoints are registered. */
export interface Http {
  readonly fastify: FastifyInstance
  readonly log: Log
  /** Lets a request in, or throws what it is answered. */
  readonly admit: (endpoint: Endpoint, request: FastifyRequest) => Promise<Pass>
  /** Aborted when the server closes: what follows something ends then. */
  readonly closing: AbortSignal
  /** URL clients reach us at, where a setting says so; null: the one each of them used. */
  readonly base: string | null
}

/** What a handler is told of one call. It was let in and has the right form. */
export interface Call<E> {
  readonly body: BodyOf<E>
  readonly query: QueryOf<E>
  /** The `:name` of the path. */
  readonly param: (name: string) => string
  readonly header: (name: string) => string | undefined
  /** The user who calls; there is one wherever `allow` is `user`, `app` or `admin`. */
  readonly user: User
  /** The app `:app` names; there is one wherever `allow` is `app`. */
  readonly app: AppRow
  /** Address the request came from. */
  readonly source: string
  /** URL the caller reaches us at, without a slash at the end. */
  readonly base: string
  /** Adds to the answer. */
  readonly answer: {
    readonly status: (code: number) => void
    readonly header: (name: string, value: string) => void
  }
  /** Aborted when the caller is gone or the server closes. */
  readonly signal: AbortSignal
}

/** What a handler gives back; nothing where the endpoint has no reply. */
export type Answer<E> = ReplyOf<E> extends undefined ? void : ReplyOf<E>

/** Answers an endpoint of the contract with a handler. */
export function serve<E extends Endpoint>(
  http: Http,
  endpoint: E,
  handler: (call: Call<E>) => Promise<Answer<E>>,
): void {
  const passes = new WeakMap<FastifyRequest, Pass>()
  http.fastify.route({
    method: endpoint.method,
    url: endpoint.path,
    schema: schemaOf(endpoint),
    onRequest: async (request) => {
      refuseUnacceptable(request.headers.accept)
      passes.set(request, await http.admit(endpoint, request))
    },
    handler: async (request, reply) => {
      reply.status(endpoint.status ?? (endpoint.reply === undefined ? 204 : 200))
      const pass = passes.get(request)
      if (pass === undefined) throw new TypeError(`${endpoint.path} was reached past the gate`)
      const answer = await handler(callFrom<E>(http, request, reply, pass))
      return reply.send(answer)
    },
  })
}

function schemaOf({ body, query }: Endpoint): { body?: unknown; querystring?: unknown } {
  return {
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { querystring: query }),
  }
}

function callFrom<E>(
  http: Http,
  request: FastifyRequest,
  reply: FastifyReply,
  pass: Pass,
): Call<E> {
  const params = request.params as Readonly<Record<string, string>>
  return {
    body: request.body as BodyOf<E>,
    query: request.query as QueryOf<E>,
    param: (name) => given(params[name], `:${name}`),
    header: (name) => [request.headers[name.toLowerCase()]].flat()[0],
    get user() {
      return given(pass.user, 'user')
    },
    get app() {
      return given(pass.app, 'app')
    },
    source: request.ip,
    base: http.base ?? `${request.protocol}://${request.host}`,
    answer: {
      status: (code) => void reply.status(code),
      header: (name, value) => void reply.header(name, value),
    },
    get signal() {
      return signalFor(http, reply)
    },
  }
}

/** Aborted when the caller is gone before the answer is out, or the server closes. */
export function signalFor(http: Http, reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return AbortSignal.any([http.closing, gone.signal])
}

function given<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value
  throw new TypeError(`The endpoint of this handler brings no ${what}.`)
}
