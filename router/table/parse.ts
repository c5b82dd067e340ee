import type { BodyOf, Endpoint } from '#contract/endpoint.ts'
import { failure } from '#contract/error.ts'
import { RouteTable } from '#contract/route.ts'
import { shapeFault } from '#router/schema/fault.ts'
import { findFault } from './check.ts'

/** A request's body in the shape its endpoint declares. Throws INVALID_PARAMS. */
export function parseBody<E extends Endpoint>(endpoint: E, value: unknown): BodyOf<E> {
  if (endpoint.body !== undefined) check(endpoint.body, value)
  return value as BodyOf<E>
}

/** A value from outside as a table. Throws INVALID_PARAMS. */
export function parseTable(value: unknown): RouteTable {
  check(RouteTable, value)
  const table = value as RouteTable
  const fault = findFault(table)
  if (fault === null) return table
  throw failure('INVALID_PARAMS', { reason: fault })
}

function check(schema: object, value: unknown): void {
  const reason = shapeFault(schema, value)
  if (reason !== null) throw failure('INVALID_PARAMS', { reason })
}
