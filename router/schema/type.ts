/**
 * Stands in for `typebox` in the router, see main.ts: the same words make the same JSON Schemas, as
 * far as contract/route.ts uses them. A word that is missing here fails at start, not at a request.
 */
export const Type = {
  Boolean: (): Schema => ({ type: 'boolean' }),
  Integer: (options: Schema = {}): Schema => ({ ...options, type: 'integer' }),
  Literal: (value: string | number): Schema => ({ type: typeof value, const: value }),
  String: (options: Schema = {}): Schema => ({ ...options, type: 'string' }),
  Array: (items: Schema): Schema => ({ type: 'array', items }),
  Union: (anyOf: readonly Schema[]): Schema => ({ anyOf }),
  Optional: (schema: Schema): Schema => ({ ...schema, [optional]: true }),
  Object: (properties: Readonly<Record<string, Schema>>): Schema => ({
    type: 'object',
    properties,
    required: Object.keys(properties).filter((key) => properties[key]?.[optional] !== true),
  }),
}

const optional = Symbol('optional')

interface Schema {
  readonly [word: string]: unknown
  readonly [optional]?: boolean
}
