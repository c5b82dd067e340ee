import { judge } from '#router/rules/judge.ts'
import type { Asked } from '#router/rules/judge.ts'
import { strippedTarget } from '#router/rules/strip.ts'
import type { Exchange } from './exchange.ts'
import { requestHeadText } from './forward.ts'
import type { Origin, Peer } from './origin.ts'
import { plain, reply, tooLarge } from './reply.ts'
import type { Reply } from './reply.ts'
import type { RequestHead } from './request-head.ts'
import type { Shared } from './shared.ts'

/** A request's head as it was just read, and who sent it. */
export interface Arrival {
  readonly head: RequestHead
  readonly bytes: Buffer
  readonly start: number
  readonly peer: Peer
}

export type Admission = Reply | null | Promise<Reply | null>

/** `OPTIONS *` asks about the server, which is us, and not about a page. */
const serverOptions: Reply = {
  status: 200,
  fields: 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n',
  body: '',
  code: null,
}
const challengePath = '/.well-known/acme-challenge/'

/**
 * Finds who serves a request, and writes the head that is sent there. Answers what is said instead;
 * null: it may pass. Reads all it needs of the head before it returns.
 */
export function admit(exchange: Exchange, arrival: Arrival, shared: Shared): Admission {
  const { request } = exchange
  const { head, bytes, start, peer } = arrival
  if (request.target.startsWith(challengePath)) {
    const answer = shared.challenge(request.host, request.target.slice(challengePath.length))
    if (answer !== null) return plain(answer)
  }
  if (request.target === '*') return serverOptions
  const rule = shared.routes.find(request.host, request.target)
  const origin = peer.origin(head, bytes, exchange.startedAt)
  exchange.meet(rule, origin)
  if (rule === undefined) return reply(404)
  if (request.bodyBytes > exchange.limits.bodyBytes) return tooLarge
  const target = rule.strip ? strippedTarget(rule, request.target) : null
  request.text = requestHeadText(head, bytes, start, { fields: origin.fields, target })
  if (rule.isPlain) return null
  const verdict = judge(rule, askedOf(exchange, arrival, origin))
  return verdict instanceof Promise
    ? verdict.catch((error: unknown) => failed(error, shared))
    : verdict
}

/** Nobody may be waiting for the verdict any more: it must not be a rejection. */
function failed(error: unknown, { onBug }: Shared): Reply {
  onBug(error)
  return reply(500, 'H99')
}

function askedOf({ request }: Exchange, { head, bytes }: Arrival, origin: Origin): Asked {
  const { method, target, host } = request
  const { address, isSecure } = origin
  return { method, target, host, address, isSecure, field: (name) => head.value(bytes, name) }
}
