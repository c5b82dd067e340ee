import { createHash } from 'node:crypto'

/** User and group of everything that runs for an app. */
export const appUid = 10001

/** Sandboxes get `build`, copies and one-offs `copy`. */
export type Role = 'copy' | 'build'

const safeName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/

/** Names become paths below the run folder: nothing may lead out of it. */
export function checkName(name: string): string {
  if (safeName.test(name)) return name
  throw new TypeError(`"${name}" cannot name a container.`)
}

/** `slw-main-1a2b3c4d`: the network of an environment. */
export function networkName(instance: string, environmentId: string): string {
  return `slw-${instance}-${hash(environmentId, 8)}`
}

export function buildNetworkName(instance: string): string {
  return `slw-${instance}-build`
}

/** Every bridge of an instance begins with this; iptables matches it with `slw1a2b+`. */
export function bridgePrefix(instance: string): string {
  return `slw${hash(instance, 4)}`
}

/** Name of the bridge behind a network: 15 characters, all that Linux allows. */
export function bridgeName(instance: string, network: string): string {
  return `${bridgePrefix(instance)}${hash(network, 8)}`
}

/** The first hex digits of a SHA-256. */
export function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}
