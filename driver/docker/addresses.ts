import type Docker from 'dockerode'
import { EngineError } from '#driver/driver.ts'
import type { Site } from './site.ts'
import { pickAddress } from './subnet.ts'
import { removeWaiting } from './waiting.ts'

/** Names and addresses of the containers on one of our networks. */
export interface Neighbours {
  readonly names: ReadonlySet<string>
  readonly addresses: ReadonlySet<string>
}

/** Those that do not run are among them: they keep the address they were made with. */
export async function listNeighbours(
  { engine }: Site,
  network: string,
  signal: AbortSignal,
): Promise<Neighbours> {
  const query = { all: true, filters: JSON.stringify({ network: [network] }) }
  const request = { method: 'GET', path: '/containers/json', query, doing: 'list copies' } as const
  const found = await engine.ask<Docker.ContainerInfo[]>(request, signal)
  return {
    names: new Set(found.flatMap(({ Names }) => Names.map((name) => name.slice(1)))),
    addresses: new Set(found.flatMap((container) => addressesOf(container, network))),
  }
}

function addressesOf({ NetworkSettings }: Docker.ContainerInfo, network: string): string[] {
  const endpoint = NetworkSettings.Networks[network]
  const fixed = (endpoint?.IPAMConfig as { IPv4Address?: string } | null | undefined)?.IPv4Address
  return [fixed, endpoint?.IPAddress].filter(
    (address) => address !== undefined && address !== '',
  ) as string[]
}

/** An address for a new copy, for which those that wait make room; throws when that does not help. */
export async function findAddress(
  site: Site,
  { subnet, name }: { subnet: string; name: string },
  { network, neighbours }: { network: string; neighbours: Neighbours },
  signal: AbortSignal,
): Promise<string> {
  const free = pickAddress(subnet, neighbours.addresses, name)
  if (free !== null) return free
  await removeWaiting(site, { network }, signal)
  return chooseAddress(subnet, await listNeighbours(site, network, signal), name)
}

/** An address that is free; throws when the subnet has none left. */
export function chooseAddress(subnet: string, { addresses }: Neighbours, name: string): string {
  const address = pickAddress(subnet, addresses, name)
  if (address !== null) return address
  throw new EngineError(`The network ${subnet} has no address left for ${name}.`, false)
}
