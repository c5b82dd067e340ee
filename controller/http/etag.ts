import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Names what a GET answers by its content, and answers 304 to a client that has it already. */
export async function tagAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (!isTagged(request, reply) || typeof payload !== 'string') return payload
  const tag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`
  void reply.header('etag', tag)
  if (!knows(request.headers['if-none-match'], tag)) return payload
  void reply.status(304)
  return null
}

function isTagged(request: FastifyRequest, reply: FastifyReply): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && reply.statusCode < 300
}

function knows(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((text) => text.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(tag)
}
