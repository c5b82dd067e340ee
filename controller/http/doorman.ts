import type { FastifyRequest } from 'fastify'
import { findApp } from '#controller/app/find.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import { failure } from '#contract/error.ts'
import { type Actor, readCredentials, tokenIn, type User } from './actor.ts'
import { decide } from './gate.ts'
import type { Http } from './serve.ts'

/** What is known of a request that was let in. */
export interface Pass {
  readonly user?: User | undefined
  readonly app?: AppRow | undefined
}

export interface DoormanOptions {
  readonly db: Store
  /** Whose token this is; nobody's when it is unknown, revoked or expired. */
  readonly identify: (token: string) => Promise<Actor>
}

/** Executes the gate: finds out who calls and what `:app` is, asks it, and answers by its verdict. */
export function doorman({ db, identify }: DoormanOptions): Http['admit'] {
  return async (endpoint, request) => {
    const token = tokenIn(readCredentials(request.headers.authorization))
    const needsToken = endpoint.allow !== 'anyone' && token !== null
    const actor: Actor = needsToken ? await identify(token) : { kind: 'nobody' }
    const user = actor.kind === 'user' ? actor.user : undefined
    const app = user === undefined ? undefined : await appOf(endpoint, request, user)
    return passOr(request, decide(endpoint.allow, actor, app !== undefined), { user, app })
  }

  async function appOf(
    endpoint: Endpoint,
    request: FastifyRequest,
    user: User,
  ): Promise<AppRow | undefined> {
    return endpoint.allow === 'app' ? findApp(db, user, appNamed(request)) : undefined
  }
}

function passOr(request: FastifyRequest, verdict: ReturnType<typeof decide>, pass: Pass): Pass {
  switch (verdict) {
    case 'pass':
      return pass
    case 'log-in':
      throw failure('UNAUTHORIZED', {})
    case 'forbidden':
      throw failure('FORBIDDEN', {})
    case 'hidden':
      throw failure('APP_NOT_FOUND', { app: appNamed(request) })
  }
}

function appNamed(request: FastifyRequest): string {
  return (request.params as Readonly<Record<string, string | undefined>>)['app'] ?? ''
}
