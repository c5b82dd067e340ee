import type { RouteSettings } from '#contract/route.ts'
import { Networks } from './networks.ts'

/** Read once for the settings they came with, and gone with them. */
const known = new WeakMap<RouteSettings, Networks>()

/** Whether the settings of a site let an address ask. */
export function isAllowed(settings: RouteSettings, address: string): boolean {
  if (settings.allow === undefined) return true
  const networks = known.get(settings) ?? new Networks(settings.allow)
  known.set(settings, networks)
  return networks.includes(address)
}
