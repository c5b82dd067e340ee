import { setTimeout as pause } from 'node:timers/promises'
import { certificateRequest, keyPem, makeKey } from '#lib/x509.ts'
import type { ChallengeType } from './challenge.ts'
import type { AcmeAnswer, AcmeClient } from './client.ts'
import { AcmeProblem, problemFrom } from './problem.ts'
import type { ProblemDocument } from './problem.ts'

/** Makes a challenge be answered; what it gives back ends that. */
export interface Solver {
  readonly types: readonly ChallengeType[]
  solve(challenge: Challenge, signal: AbortSignal): Promise<() => Promise<void>>
}

export interface Challenge {
  readonly type: ChallengeType
  readonly name: string
  readonly token: string
  /** What shows that the answer is ours (RFC 8555, 8.1). */
  readonly authorization: string
}

export interface Wanted {
  /** A host, or `*.example.org`. */
  readonly name: string
  readonly profile: string | null
  /** `renewalId` of the certificate this one replaces. */
  readonly replaces: string | null
}

/** PEM. */
export interface Issued {
  readonly chain: string
  readonly key: string
}

interface Order {
  readonly status: string
  readonly authorizations: readonly string[]
  readonly finalize: string
  readonly certificate?: string
  readonly error?: ProblemDocument
}

interface Authorization {
  readonly status: string
  readonly challenges: readonly {
    readonly type: string
    readonly url: string
    readonly token: string
    readonly error?: ProblemDocument
  }[]
}

/** Orders a certificate and sees it through (RFC 8555, 7.4). Throws AcmeProblem. */
export async function issue(
  client: AcmeClient,
  wanted: Wanted,
  solver: Solver,
  signal: AbortSignal,
): Promise<Issued> {
  const { body: order, location } = await place(client, wanted, signal)
  if (location === undefined) throw new AcmeProblem('malformed', 'its order has no address')
  for (const url of order.authorizations) {
    await authorize(client, { url, name: wanted.name }, solver, signal)
  }
  await until<Order>(client, location, ['ready', 'valid'], signal)
  const key = await makeKey()
  const csr = certificateRequest([wanted.name], key).toString('base64url')
  await client.post(order.finalize, { csr }, signal)
  const { certificate } = await until<Order>(client, location, ['valid'], signal)
  if (certificate === undefined) throw new AcmeProblem('malformed', 'its order has no certificate')
  const { body: chain } = await client.post<string>(certificate, null, signal)
  return { chain, key: keyPem(key) }
}

/** A certificate that was replaced already, or is not known there, is no reason not to order. */
async function place(
  client: AcmeClient,
  { name, profile, replaces }: Wanted,
  signal: AbortSignal,
): Promise<AcmeAnswer<Order>> {
  const { newOrder } = await client.directory(signal)
  const order = {
    identifiers: [{ type: 'dns', value: name }],
    ...(profile === null ? {} : { profile }),
  }
  if (replaces === null) return client.post<Order>(newOrder, order, signal)
  try {
    return await client.post<Order>(newOrder, { ...order, replaces }, signal)
  } catch (error) {
    const isAboutIt =
      error instanceof AcmeProblem && ['alreadyReplaced', 'malformed'].includes(error.kind)
    if (!isAboutIt) throw error
    return client.post<Order>(newOrder, order, signal)
  }
}

async function authorize(
  client: AcmeClient,
  { url, name }: { readonly url: string; readonly name: string },
  solver: Solver,
  signal: AbortSignal,
): Promise<void> {
  const { body } = await client.post<Authorization>(url, null, signal)
  if (body.status === 'valid') return
  const { type, offered } = choose(body, solver.types)
  const authorization = `${offered.token}.${client.key.thumbprint}`
  const done = await solver.solve({ type, name, token: offered.token, authorization }, signal)
  try {
    await client.post(offered.url, {}, signal)
    await until<Authorization>(client, url, ['valid'], signal)
  } finally {
    await done()
  }
}

function choose(
  { challenges }: Authorization,
  types: readonly ChallengeType[],
): { type: ChallengeType; offered: Authorization['challenges'][number] } {
  for (const type of types) {
    const offered = challenges.find((challenge) => challenge.type === type)
    if (offered !== undefined) return { type, offered }
  }
  const theirs = challenges.map(({ type }) => type).join(', ')
  throw new AcmeProblem(
    'unsupported',
    `it asks for one of ${theirs}, which cannot be answered here`,
  )
}

const firstPauseMs = 250
const longestPauseMs = 10_000

/** Asks again until it stands as it should. Throws AcmeProblem when it never will. */
async function until<T extends Order | Authorization>(
  client: AcmeClient,
  url: string,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
    const { body, waitMs = 0 } = await client.post<T>(url, null, signal)
    if (wanted.includes(body.status)) return body
    if (!['pending', 'ready', 'processing'].includes(body.status)) throw refusal(body)
    const ms = Math.min(Math.max(waitMs, pauseMs), longestPauseMs)
    await pause(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function refusal(body: Order | Authorization): AcmeProblem {
  const own = 'error' in body ? body.error : undefined
  const failed =
    'challenges' in body ? body.challenges.find(({ error }) => error !== undefined) : null
  return problemFrom(own ?? failed?.error ?? { detail: `it is ${body.status}` }, 0)
}
