import type { BodyOf, Endpoint } from '#contract/endpoint.ts'
import { failure } from '#contract/error.ts'
import { RouteTable, TableChange } from '#contract/route.ts'
import { shapeFault } from '#router/schema/fault.ts'
import { changeFault, tableFault } from './check.ts'
import type { Routes } from './routes.ts'

/** A request's body in the shape its endpoint declares. Throws INVALID_PARAMS. */
export function parseBody<E extends Endpoint>(endpoint: E, value: unknown): BodyOf<E> {
  if (endpoint.body !== undefined) refuse(shapeFault(endpoint.body, value))
  return value as BodyOf<E>
}

/** A value from outside as a table. Throws INVALID_PARAMS. */
export function parseTable(value: unknown): RouteTable {
  refuse(shapeFault(RouteTable, value))
  const table = value as RouteTable
  refuse(tableFault(table))
  return table
}

/** A value from outside as a change to the table in force. Throws INVALID_PARAMS, TABLE_STALE. */
export function parseChange(value: unknown, routes: Routes): TableChange {
  refuse(shapeFault(TableChange, value))
  const change = value as TableChange
  const { number } = routes
  if (change.after !== number) throw failure('TABLE_STALE', { number, after: change.after })
  refuse(changeFault(change, routes))
  return change
}

function refuse(reason: string | null): void {
  if (reason !== null) throw failure('INVALID_PARAMS', { reason })
}
