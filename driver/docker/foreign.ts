import { exec } from '#lib/exec.ts'
import { bridgePrefix } from './names.ts'
import { foreignNetworkSubnets } from './network.ts'
import type { Site } from './site.ts'

interface Route {
  readonly dst: string
  readonly dev?: string
}

/** Subnets of this host that are not ours to give: its routes and the engine's other networks. */
export async function foreignSubnets(site: Site, signal: AbortSignal): Promise<string[]> {
  const [routes, networks] = await Promise.all([
    exec('ip', ['-4', '-json', 'route'], signal),
    foreignNetworkSubnets(site, signal),
  ])
  const ours = bridgePrefix(site.settings.instance)
  return [...new Set([...routeSubnets(JSON.parse(routes) as Route[], ours), ...networks])]
}

/** Destinations of routes, but for the default one and those over bridges with our prefix. */
export function routeSubnets(routes: readonly Route[], ownPrefix: string): string[] {
  return routes
    .filter(({ dst, dev }) => dst !== 'default' && dev?.startsWith(ownPrefix) !== true)
    .map(({ dst }) => (dst.includes('/') ? dst : `${dst}/32`))
}
