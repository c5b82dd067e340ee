/** The words of JSON Schema that contract/route.ts uses. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly const?: string | number
  readonly minimum?: number
  readonly maximum?: number
}

/** Where a value is not of a schema's shape, in words; null when it is. */
export function shapeFault(schema: object, value: unknown): string | null {
  return faultAt(schema, value, 'the body')
}

function faultAt(schema: Schema, value: unknown, place: string): string | null {
  if (schema.anyOf !== undefined) return choiceFault(schema.anyOf, value, place)
  if (schema.const !== undefined) return value === schema.const ? null : notOneOf([schema], place)
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

function choiceFault(choices: readonly Schema[], value: unknown, place: string): string | null {
  const fits = choices.some((choice) => faultAt(choice, value, place) === null)
  return fits ? null : notOneOf(choices, place)
}

function notOneOf(choices: readonly Schema[], place: string): string {
  return `${place} must be ${choices.map((choice) => String(choice.const)).join(' or ')}`
}

/** Own properties only, and without a list of them: tables have hundreds of thousands of objects. */
function objectFault(schema: Schema, value: unknown, place: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `${place} must be an object`
  }
  const { properties = {}, required = [] } = schema
  for (const key of required) if (!Object.hasOwn(value, key)) return `${place} must have ${key}`
  const given = value as Readonly<Record<string, unknown>>
  for (const key in properties) {
    if (!Object.hasOwn(given, key)) continue
    const fault = faultAt(properties[key] as Schema, given[key], key)
    if (fault !== null) return fault
  }
  return null
}

function arrayFault({ items = {} }: Schema, value: unknown, place: string): string | null {
  if (!Array.isArray(value)) return `${place} must be an array`
  for (const [index, item] of value.entries()) {
    const fault = faultAt(items, item, place)
    if (fault !== null)
      return fault.startsWith(place) ? `${place}[${index}]${fault.slice(place.length)}` : fault
  }
  return null
}

function integerFault(schema: Schema, value: unknown, place: string): string | null {
  const { minimum = -Infinity, maximum = Infinity } = schema
  const isRight = Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum
  if (isRight) return null
  return `${place} must be a whole number${rangeOf(minimum, maximum)}`
}

function rangeOf(minimum: number, maximum: number): string {
  if (minimum === -Infinity) return ''
  return maximum === Infinity ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`
}
