import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { TSchema } from 'typebox'
import { controllerEndpoints } from '#contract/api.ts'
import { mediaType } from '#contract/call.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import { errors } from '#contract/error-rows.ts'
import type { ErrorCode } from '#contract/error.ts'

type Json = Readonly<Record<string, unknown>>

/** What docs/api.json should say: OpenAPI 3.1, every endpoint of the controller. */
export function apiDocument(): string {
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Slipway',
      version: '1',
      description: `Accept \`${mediaType}\`. Compatible with a subset of the Heroku Platform API.`,
    },
    paths: paths(),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic', description: 'Any name, the token as password.' },
      },
      schemas: { Error: errorSchema },
    },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

const errorSchema: Json = {
  type: 'object',
  required: ['id', 'message', 'url', 'hint', 'code', 'request_id'],
  properties: Object.fromEntries(
    ['id', 'message', 'url', 'hint', 'code', 'request_id'].map((name) => [
      name,
      { type: 'string' },
    ]),
  ),
}

function paths(): Json {
  const all: Record<string, Record<string, Json>> = {}
  for (const endpoint of controllerEndpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}')
    all[path] = { ...all[path], [endpoint.method.toLowerCase()]: operation(endpoint) }
  }
  return all
}

function operation(endpoint: Endpoint): Json {
  const { summary, allow, body, reply } = endpoint
  const status = endpoint.status ?? (reply === undefined ? 204 : 200)
  const good = { description: 'Done.', ...(reply === undefined ? {} : { content: json(reply) }) }
  return {
    summary,
    description: `For: ${allow}.`,
    ...(allow === 'anyone' ? {} : { security: [{ bearer: [] }, { basic: [] }] }),
    parameters: parameters(endpoint),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: { [status]: good, ...bad(endpoint.errors ?? []) },
  }
}

function parameters({ path, query }: Endpoint): Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, TSchema>
    required?: string[]
  }
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
  return [...inPath, ...inQuery]
}

/** Errors by status: what happened and what to do about it. */
function bad(codes: readonly ErrorCode[]): Json {
  const byStatus = Map.groupBy(codes, (code) => errors[code].status)
  const responses = [...byStatus].map(([status, same]) => [
    status,
    {
      description: same.map((code) => `${code}: ${errors[code].message}`).join('\n\n'),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
  ])
  return Object.fromEntries(responses) as Json
}

function json(schema: TSchema): Json {
  return { 'application/json': { schema } }
}

if (import.meta.main) {
  const path = fileURLToPath(new URL('../docs/api.json', import.meta.url))
  await writeFile(path, apiDocument())
  execFileSync('oxfmt', [path])
}
