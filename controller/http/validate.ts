import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

/** How the schemas of the contract check a request. A query is text, so its numbers are read first. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const checker = Compile(schema)
  return (data: unknown) => {
    const value = httpPart === 'querystring' ? checker.Convert(data) : data
    return checker.Check(value) ? { value } : { error: new FormError(reasonIn(checker, value)) }
  }
}

/** A request that does not have the form the contract asks for. */
export class FormError extends Error {
  override readonly name = 'FormError'
}

/** Where and why, never the value itself: it may be a secret. */
function reasonIn(checker: ReturnType<typeof Compile>, value: unknown): string {
  const first = checker.Errors(value)[0]
  if (first === undefined) return 'it does not match'
  const place = first.instancePath.slice(1).replaceAll('/', '.')
  // Where nothing more may be said, the schema of anything more is `false`.
  const message = first.keyword === 'boolean' ? 'is not known here' : first.message
  return `${place === '' ? 'the body' : place} ${message}`
}
