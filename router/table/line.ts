import { RouteTable, siteKey, TableChange } from '#contract/route.ts'
import type { RouteInstance, RouteSite } from '#contract/route.ts'
import { shapeFault } from '#router/schema/fault.ts'
import { tableFault } from './check.ts'
import type { Routes } from './routes.ts'

/**
 * Takes one line of the table's file into a table that is being read: the table, the rest of it, or
 * a change that followed. Returns whether the line was understood.
 */
export function readLine(line: string, routes: Routes): boolean {
  const value = parse(line)
  if (value === null) return false
  if ('after' in value) return readChange(value, routes)
  if ('routes' in value) return readTable(fromVersion1(value), routes)
  return 'number' in value ? readTable(value, routes) : readRest(value, routes)
}

function parse(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function readTable(value: object, routes: Routes): boolean {
  if (shapeFault(RouteTable, value) !== null) return false
  const table = value as RouteTable
  return tableFault(table) === null && routes.replace(table)
}

/** Sites and rules were checked when they came; only whether the file is ours is in question. */
function readRest(value: object, routes: Routes): boolean {
  if (shapeFault(RouteTable, { ...value, number: 0 }) !== null) return false
  routes.add(value as RouteTable)
  return true
}

/** A change may be in the file though the table that it follows knew of it already. */
function readChange(value: object, routes: Routes): boolean {
  if (shapeFault(TableChange, value) !== null) return false
  const change = value as TableChange
  return change.number <= routes.number || routes.change(change)
}

/** Tables of before rules: each host had instances of its own. */
function fromVersion1(value: object): object {
  const { number, routes } = value as { number: unknown; routes: unknown }
  if (!Array.isArray(routes)) return value
  const old = routes as readonly (RouteSite & { host: string; instances: RouteInstance[] })[]
  const sites = new Map(
    old.map(({ app, environment, instances }) => [
      siteKey({ app, environment }),
      { app, environment, instances },
    ]),
  )
  const rules = old.map((route) => ({ host: route.host, site: siteKey(route) }))
  return { number, sites: [...sites.values()], rules }
}
