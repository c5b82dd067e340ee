import { isIP } from 'node:net'
import { siteKey } from '#contract/route.ts'
import type { RouteRule, RouteSite, RouteTable, RulePlace, TableChange } from '#contract/route.ts'
import { settingsFault } from './check-settings.ts'
import type { Rule } from './rule.ts'
import type { Routes, TablePart } from './routes.ts'

const hostName = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/
const ipv6Host = /^\[[0-9a-f:.]+\]$/
/** Segments without a query, none of them empty. */
const rulePath = /^(\/|(\/[\x21\x22\x24-\x2e\x30-\x3e\x40-\x7e]+)+)$/
const redirectTo = /^(https?:\/\/[\x21-\x7e]+|\/(?![/\\])[\x21-\x7e]*)$/
const name = /^[^/\s]+$/

/** What is wrong with a table beyond its shape, in words; null when nothing is. */
export function tableFault(table: RouteTable): string | null {
  const sites = new Set(table.sites.map(siteKey))
  return partFault(table) ?? strayFault(table.rules, (key) => sites.has(key))
}

/** The same of a change, given the table it changes. */
export function changeFault(change: TableChange, routes: Routes): string | null {
  if (change.number <= change.after) return `${change.number} does not follow ${change.after}`
  const put = new Set(change.sites.map(siteKey))
  const gone = new Set(change.gone_sites)
  const both = change.gone_sites.find((key) => put.has(key))
  if (both !== undefined) return `${both} is put and gone`
  const isThere = (key: string): boolean =>
    put.has(key) || (routes.site(key) !== undefined && !gone.has(key))
  return partFault(change) ?? strayFault(change.rules, isThere) ?? leftFault(change, routes)
}

function partFault({ sites, rules }: TablePart): string | null {
  const keys = twice(sites.map(siteKey))
  if (keys !== null) return `${keys} is there twice`
  const places = twice(rules.map(placeOf))
  if (places !== null) return `${places} is routed twice`
  return firstFault(sites, siteFault) ?? firstFault(rules, ruleFault)
}

function siteFault({ app, environment, instances, settings }: RouteSite): string | null {
  if (!name.test(app) || !name.test(environment)) return `"${app}/${environment}" is not a site`
  const bad = instances.find(({ port }) => port < 1 || port > 65_535)
  if (bad !== undefined) return `instance ${bad.id} has no port ${bad.port}`
  const named = instances.find((instance) => isIP(instance.host) === 0)
  if (named !== undefined) return `instance ${named.id} has no IP address but "${named.host}"`
  return settings === undefined ? null : settingsFault(settings)
}

function ruleFault({ host, path = '/', redirect }: RouteRule): string | null {
  if (!hostName.test(host) && !ipv6Host.test(host))
    return `"${host}" is not a host name in lower case`
  if (!rulePath.test(path)) return `"${path}" is not a path`
  if (redirect === undefined) return null
  const { to } = redirect
  return redirectTo.test(to) ? null : `"${to}" is neither a URL nor a path`
}

function strayFault(rules: readonly RouteRule[], isThere: (key: string) => boolean): string | null {
  const stray = rules.find(({ site }) => !isThere(site))
  return stray === undefined ? null : `${placeOf(stray)} leads to ${stray.site}, which is not there`
}

/** A site that goes must leave no rule behind. */
function leftFault({ gone_sites, gone_rules, rules }: TableChange, routes: Routes): string | null {
  const leaving = new Map<string, Set<Rule>>()
  for (const place of [...gone_rules, ...rules]) {
    const rule = routes.ruleAt(place.host, place.path)
    if (rule === undefined) continue
    const some = leaving.get(rule.site.key) ?? new Set()
    leaving.set(rule.site.key, some.add(rule))
  }
  const kept = gone_sites.find(
    (key) => (routes.site(key)?.ruleCount ?? 0) > (leaving.get(key)?.size ?? 0),
  )
  return kept === undefined ? null : `${kept} is gone, but not its rules`
}

/** Host and path as one word. */
function placeOf({ host, path = '/' }: RulePlace): string {
  return path === '/' ? host : host + path
}

function twice(keys: readonly string[]): string | null {
  const seen = new Set<string>()
  return keys.find((key) => seen.size === seen.add(key).size) ?? null
}

function firstFault<T>(items: readonly T[], find: (item: T) => string | null): string | null {
  for (const item of items) {
    const fault = find(item)
    if (fault !== null) return fault
  }
  return null
}
