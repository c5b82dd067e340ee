import type { Static, TSchema } from 'typebox'
import type { ErrorCode } from './error.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Who may call an endpoint. The gate denies what no row allows.
 *
 * - `anyone`: no token needed (log-in, set-up, health)
 * - `user`: any logged-in user
 * - `app`: a user who may work on the app named by `:app` (its owner, its collaborators, administrators)
 * - `admin`: administrators
 * - `builder`, `controller`, `router`: the program of that name, by the platform's own token
 */
export type Role = 'anyone' | 'user' | 'app' | 'admin' | 'builder' | 'controller' | 'router'

/** One call, declared once: server, client, types and docs/api.json are read from it. */
export interface Endpoint<
  Body extends TSchema | undefined = TSchema | undefined,
  Reply extends TSchema | undefined = TSchema | undefined,
  Query extends TSchema | undefined = TSchema | undefined,
> {
  readonly method: Method
  /** `/apps/:app/releases`; every `:name` becomes a string in `params`. */
  readonly path: string
  readonly summary: string
  readonly allow: Role
  readonly body?: Body
  /** Undefined: an empty answer (204). */
  readonly reply?: Reply
  readonly query?: Query
  /** Status of a good answer; 200 unless told, 204 where there is no reply. */
  readonly status?: number
  readonly errors?: readonly ErrorCode[]
}

export function endpoint<
  Body extends TSchema | undefined = undefined,
  Reply extends TSchema | undefined = undefined,
  Query extends TSchema | undefined = undefined,
>(value: Endpoint<Body, Reply, Query>): Endpoint<Body, Reply, Query> {
  return Object.freeze(value)
}

type Read<T> = T extends TSchema ? Static<T> : undefined

export type BodyOf<E> = E extends Endpoint<infer B, infer _R, infer _Q> ? Read<B> : never
export type ReplyOf<E> = E extends Endpoint<infer _B, infer R, infer _Q> ? Read<R> : never
export type QueryOf<E> = E extends Endpoint<infer _B, infer _R, infer Q> ? Read<Q> : never
