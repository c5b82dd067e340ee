import type { BodyOf, Endpoint, QueryOf, ReplyOf } from './endpoint.ts'
import { errorFrom, failure } from './error.ts'
import type { ErrorBody } from './error.ts'

/** Where the other program listens and how we prove who we are. */
export interface Peer {
  /** Base URL without a slash at the end. */
  readonly url: string
  readonly token?: string | undefined
  /** How the peer is called in an error: `controller`, `builder`, `router`. */
  readonly program: string
}

export interface CallOptions<E> {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: QueryOf<E>
  readonly body?: BodyOf<E>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Our own media type; `application/vnd.heroku+json; version=3` is taken as well. */
export const mediaType = 'application/vnd.slipway+json; version=1'

/**
 * Calls an endpoint and reads its answer.
 *
 * Throws the SlipwayError the peer answered, or UNAVAILABLE when it cannot be reached.
 */
export async function call<E extends Endpoint>(
  peer: Peer,
  target: E,
  options: CallOptions<E> = {},
): Promise<ReplyOf<E>> {
  const response = await send(peer, target, options)
  if (!response.ok) throw errorFrom(await readError(response))
  if (target.reply === undefined || response.status === 204) {
    await response.body?.cancel()
    return undefined as ReplyOf<E>
  }
  return (await response.json()) as ReplyOf<E>
}

async function send<E extends Endpoint>(
  peer: Peer,
  target: E,
  options: CallOptions<E>,
): Promise<Response> {
  const headers: Record<string, string> = { accept: mediaType, ...options.headers }
  if (peer.token !== undefined) headers['authorization'] = `Bearer ${peer.token}`
  const init: RequestInit = { method: target.method, headers, redirect: 'error' }
  if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  }
  if (options.signal !== undefined) init.signal = options.signal
  try {
    return await fetch(peer.url + pathOf(target, options), init)
  } catch (error) {
    options.signal?.throwIfAborted()
    const reason = reasonOf(error)
    throw failure('UNAVAILABLE', { program: peer.program, reason }, { cause: error })
  }
}

/** The path with its parameters and query filled in. */
export function pathOf(
  target: Endpoint,
  options: { params?: Readonly<Record<string, string>>; query?: unknown },
): string {
  const path = target.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = options.params?.[name]
    if (value === undefined) throw new TypeError(`${target.path} needs the parameter ${name}`)
    return encodeURIComponent(value)
  })
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size > 0 ? `${path}?${query.toString()}` : path
}

async function readError(response: Response): Promise<Partial<ErrorBody>> {
  const text = await response.text()
  try {
    return JSON.parse(text) as Partial<ErrorBody>
  } catch {
    return { message: `The answer was ${response.status} and not one of ours.` }
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error
    ? ((cause as { code?: string }).code ?? cause.message)
    : String(cause)
}
