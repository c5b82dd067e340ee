import type { RouteRule } from '#contract/route.ts'
import type { RouteRow } from '#controller/store/tables.ts'

/**
 * What leads to the site of an environment: each of its hosts, and the routes that name it. A redirect
 * of a whole host stands in for the host's own rule.
 */
export function rulesOf(
  site: string,
  hosts: readonly string[],
  routes: readonly RouteRow[],
): RouteRule[] {
  const redirected = new Set(routes.filter(({ path }) => path === '/').map(({ host }) => host))
  const plain = hosts.filter((host) => !redirected.has(host)).map((host) => ({ host, site }))
  return [...plain, ...routes.map((route) => ruleOf(site, route))]
}

function ruleOf(
  site: string,
  { host, path, strip, redirect_to: to, redirect_status: status }: RouteRow,
): RouteRule {
  return {
    host,
    site,
    ...(path === '/' ? {} : { path }),
    ...(strip === 1 ? { strip: true } : {}),
    ...(to === null ? {} : { redirect: { to, status: (status ?? 301) as 301 } }),
  }
}
