import { isIP } from 'node:net'
import type { Route, RouteTable } from '#contract/route.ts'

/** What is wrong with a table beyond its shape, in words; null when nothing is. */
export function findFault(table: RouteTable): string | null {
  const hosts = new Set<string>()
  for (const route of table.routes) {
    if (hosts.has(route.host)) return `${route.host} is routed twice`
    hosts.add(route.host)
    const fault = findRouteFault(route)
    if (fault !== null) return fault
  }
  return null
}

function findRouteFault({ host, instances }: Route): string | null {
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host))
    return `"${host}" is not a host name in lower case`
  const bad = instances.find(({ port }) => port < 1 || port > 65_535)
  if (bad !== undefined) return `instance ${bad.id} has no port ${bad.port}`
  const named = instances.find((instance) => isIP(instance.host) === 0)
  return named === undefined ? null : `instance ${named.id} has no IP address but "${named.host}"`
}
