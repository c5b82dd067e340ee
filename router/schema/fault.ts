/** The words of JSON Schema that contract/route.ts uses. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
}

/** Where a value is not of a schema's shape, in words; null when it is. */
export function shapeFault(schema: object, value: unknown): string | null {
  return faultAt(schema, value, 'the body')
}

function faultAt(schema: Schema, value: unknown, place: string): string | null {
  switch (schema.type ?? '') {
    case 'object':
      return objectFault(schema, value, place)
    case 'array':
      return arrayFault(schema, value, place)
    case 'integer':
      return integerFault(schema, value, place)
    case 'string':
    case 'boolean':
      return typeof value === schema.type ? null : `${place} must be a ${schema.type}`
    default:
      throw new TypeError(`the router does not check the type ${schema.type}`)
  }
}

function objectFault(schema: Schema, value: unknown, place: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `${place} must be an object`
  }
  const given = new Map<string, unknown>(Object.entries(value))
  const missing = schema.required?.find((key) => !given.has(key))
  if (missing !== undefined) return `${place} must have ${missing}`
  const properties = Object.entries(schema.properties ?? {}).filter(([key]) => given.has(key))
  return firstFault(properties, ([key, inner]) => faultAt(inner, given.get(key), key))
}

function arrayFault({ items = {} }: Schema, value: unknown, place: string): string | null {
  if (!Array.isArray(value)) return `${place} must be an array`
  return firstFault(value, (item, index) => faultAt(items, item, `${place}[${index}]`))
}

function integerFault(schema: Schema, value: unknown, place: string): string | null {
  const { minimum = -Infinity, maximum = Infinity } = schema
  const isRight = Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum
  if (isRight) return null
  const range = minimum === -Infinity ? '' : ` from ${minimum} to ${maximum}`
  return `${place} must be a whole number${range}`
}

function firstFault<T>(
  items: readonly T[],
  find: (item: T, index: number) => string | null,
): string | null {
  for (const [index, item] of items.entries()) {
    const fault = find(item, index)
    if (fault !== null) return fault
  }
  return null
}
