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

/** A good answer, with what its headers say: `Next-Range`, `Slipway-Release`. */
export interface Answer<E> {
  readonly body: ReplyOf<E>
  readonly headers: Headers
}

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
  return (await exchange(peer, target, options)).body
}

/** As `call`, for who also needs the headers. */
export async function exchange<E extends Endpoint>(
  peer: Peer,
  target: E,
  options: CallOptions<E> = {},
): Promise<Answer<E>> {
  const response = await send(peer, target, options)
  const text = await reach(peer, options.signal, () => response.text())
  if (!response.ok) throw errorFrom(readError(peer, response.status, text))
  const isEmpty = target.reply === undefined || response.status === 204
  const body = (isEmpty ? undefined : readReply(peer, response.status, text)) as ReplyOf<E>
  return { body, headers: response.headers }
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
  return reach(peer, options.signal, () => fetch(peer.url + pathOf(target, options), init))
}

/** Runs one step over the wire; what the network throws becomes UNAVAILABLE, with its reason. */
async function reach<T>(
  peer: Peer,
  signal: AbortSignal | undefined,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step()
  } catch (error) {
    signal?.throwIfAborted()
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

function readReply(peer: Peer, status: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw errorFrom(notOurs(peer, status))
  }
}

function readError(peer: Peer, status: number, text: string): Partial<ErrorBody> {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null
    return body?.message === undefined ? notOurs(peer, status) : body
  } catch {
    return notOurs(peer, status)
  }
}

function notOurs(peer: Peer, status: number): Partial<ErrorBody> {
  return {
    message: `The answer of ${peer.url} (status ${status}) is not one of ours.`,
    hint: 'Check that this is the right address.',
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error
    ? ((cause as { code?: string }).code ?? cause.message)
    : String(cause)
}
