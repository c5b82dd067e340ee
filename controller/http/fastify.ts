import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { errorBody, failure } from '#contract/error.ts'
import type { Log } from '#lib/log.ts'
import { errorForClient } from './errors.ts'
import { tagAnswer } from './etag.ts'
import { compileValidator } from './validate.ts'

const bodyLimitBytes = 1024 ** 2

/** An HTTP server with our manners, and no endpoint yet. */
export function makeFastify(log: Log): FastifyInstance {
  const fastify = Fastify({
    bodyLimit: bodyLimitBytes,
    genReqId: () => randomUUID(),
    // An upload takes its time; heads do not.
    requestTimeout: 600_000,
    http: { headersTimeout: 30_000 },
    frameworkErrors: (error, request, reply) => void answerError(log, error, request, reply),
    routerOptions: { maxParamLength: 1500 },
  })
  fastify.setValidatorCompiler(compileValidator)
  fastify.setErrorHandler((error, request, reply) => answerError(log, error, request, reply))
  fastify.setNotFoundHandler(async (request) => {
    throw failure('NOT_FOUND', { path: request.url.split('?')[0] ?? '/' })
  })
  fastify.addHook('onRequest', async (request, reply) => {
    void reply.header('request-id', request.id)
  })
  fastify.addHook('onSend', tagAnswer)
  takeJson(fastify)
  return fastify
}

/** Whatever was thrown, as the client may see it. What is no row of contract/error.ts is logged whole. */
function answerError(
  log: Log,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const known = errorForClient(error)
  if (known === null) log.error('request.failed', error, { request: request.id })
  const told = known ?? failure('INTERNAL', { request: request.id })
  return reply.status(told.status).send(errorBody(told, request.id))
}

/** JSON under every media type our clients send it by; an empty body counts as `{}`. */
function takeJson(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error')
  fastify.removeAllContentTypeParsers()
  for (const type of ['application/json', /^application\/vnd\.(heroku|slipway)\+json/]) {
    fastify.addContentTypeParser<string>(type, { parseAs: 'string' }, (request, body, done) => {
      if (body === '') done(null, {})
      else void parse(request, body, done)
    })
  }
  fastify.addHook('preValidation', async (request) => {
    if (request.method !== 'GET' && request.body === undefined) request.body = {}
  })
}
