import type {
  RouteInstance,
  RouteRule,
  RouteSettings,
  RouteSite,
  RouteTable,
  TableChange,
} from '#contract/route.ts'
import { Routes } from '#router/table/routes.ts'
import type { Rule } from '#router/table/rule.ts'

/** An instance of its own address; `n` tells it from others. */
export function instance(n: number): RouteInstance {
  return { id: `i-${n}`, release: 1, host: '10.0.0.1', port: 1000 + n }
}

export function site(
  app: string,
  instances: RouteInstance[] = [],
  settings?: RouteSettings,
): RouteSite {
  const plain = { app, environment: 'production', instances }
  return settings === undefined ? plain : { ...plain, settings }
}

/** A rule that leads `host` to an app. */
export function rule(host: string, app: string, more: Partial<RouteRule> = {}): RouteRule {
  return { host, site: `${app}/production`, ...more }
}

export function table(number: number, sites: RouteSite[], rules: RouteRule[]): RouteTable {
  return { number, sites, rules }
}

/** A change that does nothing but what `more` says. */
export function change(after: number, more: Partial<TableChange> = {}): TableChange {
  const nothing = { sites: [], rules: [], gone_sites: [], gone_rules: [] }
  return { after, number: after + 1, ...nothing, ...more }
}

export function routesOf(sites: RouteSite[], rules: RouteRule[]): Routes {
  const routes = new Routes()
  routes.replace(table(1, sites, rules))
  return routes
}

/** The one rule of a table for `a.test` and one app with these settings. */
export function ruleWith(settings: RouteSettings, more: Partial<RouteRule> = {}): Rule {
  const routes = routesOf([site('a', [instance(1)], settings)], [rule('a.test', 'a', more)])
  const found = routes.ruleAt('a.test', more.path)
  if (found === undefined) throw new Error('no rule')
  return found
}
