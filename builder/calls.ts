import type { IncomingMessage, ServerResponse } from 'node:http'
import { Value } from 'typebox/value'
import type { BodyOf, Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { errorBody, failure, SlipwayError } from '#contract/error.ts'

/** An endpoint of contract/builder.ts and what answers it. */
export interface Answered {
  readonly endpoint: Endpoint
  readonly answer: (params: Params, body: unknown) => Promise<unknown>
}

type Params = Readonly<Record<string, string>>

export function answers<E extends Endpoint>(
  endpoint: E,
  answer: (params: Params, body: BodyOf<E>) => Promise<ReplyOf<E>>,
): Answered {
  // The body is checked against the endpoint before it comes here.
  return { endpoint, answer: (params, body) => answer(params, body as BodyOf<E>) }
}

const bodyLimitBytes = 65_536

/** Answers a request that one of `calls` is for; false when none is. */
export async function answerCall(
  calls: readonly Answered[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  for (const { endpoint, answer } of calls) {
    const params = request.method === endpoint.method ? paramsIn(endpoint, request.url) : null
    if (params === null) continue
    const reply = await replyTo(endpoint, answer, params, request)
    send(response, reply.status, reply.body)
    return true
  }
  return false
}

async function replyTo(
  endpoint: Endpoint,
  answer: Answered['answer'],
  params: Params,
  request: IncomingMessage,
): Promise<{ status: number; body: unknown }> {
  try {
    const body = await answer(params, bodyOf(endpoint, await readBody(request)))
    return { status: endpoint.status ?? 200, body }
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return { status: error.status, body: errorBody(error, '') }
  }
}

function paramsIn({ path }: Endpoint, url: string | undefined): Params | null {
  const pattern = path.replace(/:(\w+)/g, '(?<$1>[^/?]+)')
  const match = new RegExp(`^${pattern}$`).exec(url ?? '')
  return match === null ? null : { ...match.groups }
}

function bodyOf({ body }: Endpoint, json: string): unknown {
  if (body === undefined) return undefined
  try {
    const value: unknown = JSON.parse(json)
    if (Value.Check(body, value)) return value
  } catch {
    // No JSON is answered like wrong JSON.
  }
  throw failure('INVALID_PARAMS', { reason: 'the body is not what this call takes' })
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimitBytes) throw failure('INVALID_PARAMS', { reason: 'the body is too large' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
