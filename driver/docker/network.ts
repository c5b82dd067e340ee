import { retry } from '#lib/retry.ts'
import { Refusal, unless } from './errors.ts'
import { instanceLabels } from './labels.ts'
import { bridgeName, buildNetworkName, networkName } from './names.ts'
import type { Site } from './site.ts'
import { gatewayOf } from './subnet.ts'
import { removeWaiting } from './waiting.ts'

/** A bridge of ours. */
interface Wanted {
  readonly name: string
  readonly subnet: string
  /** Whether its containers may speak to each other. */
  readonly open: boolean
  readonly labels: Readonly<Record<string, string>>
}

interface Network {
  readonly Id: string
  readonly Name: string
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string }[] | null }
}

const defaultBuildSubnet = '10.217.255.192/26'

/** The network of an environment, made when it is not there; its name. */
export function ensureNetwork(
  site: Site,
  { environmentId, subnet }: { environmentId: string; subnet: string },
  signal: AbortSignal,
): Promise<string> {
  const name = networkName(site.settings.instance, environmentId)
  const labels = { 'slipway.environment-id': environmentId }
  return ensure(site, { name, subnet, open: true, labels }, signal)
}

/** Its name when it is there, as `ensureNetwork` would leave it; else null. */
export async function findNetwork(
  site: Site,
  { owner, subnet }: { owner: { environmentId: string }; subnet: string },
  signal: AbortSignal,
): Promise<string | null> {
  const name = networkName(site.settings.instance, owner.environmentId)
  const found = await find(site, name, signal)
  return found !== null && subnetOf(found) === subnet ? name : null
}

/** The network that all builds share without seeing each other. */
export function ensureBuildNetwork(site: Site, signal: AbortSignal): Promise<string> {
  const { instance, buildSubnet = defaultBuildSubnet } = site.settings
  const wanted = { name: buildNetworkName(instance), subnet: buildSubnet, open: false, labels: {} }
  return ensure(site, wanted, signal)
}

/**
 * A making that was cut off, or that another program is at, goes on inside the engine: it shows in
 * no list yet, but its subnet and its bridge are taken. So a refusal may pass.
 */
const patient = { times: 30, pauseMs: 100, isPassing: (e: unknown) => e instanceof Refusal }

async function ensure(site: Site, wanted: Wanted, signal: AbortSignal): Promise<string> {
  await site.firewall.ensure(signal)
  await site.takeTurn(`network ${wanted.name}`, () =>
    retry(() => findOrCreate(site, wanted, signal), patient, signal),
  )
  return wanted.name
}

// A subnet is given to one environment at a time, so another network of ours in it was left behind
// by one that is gone.
async function findOrCreate(site: Site, wanted: Wanted, signal: AbortSignal): Promise<void> {
  const { name, subnet } = wanted
  const ours = await listNetworks(site, [`slipway.instance=${site.settings.instance}`], signal)
  const near = ours.filter((network) => network.Name === name || subnetOf(network) === subnet)
  const stale = near.filter((network) => network.Name !== name || subnetOf(network) !== subnet)
  if (near.length > stale.length) return
  for (const network of stale) await remove(site, network, signal)
  await create(site, wanted, signal)
}

/** Removes the network of an environment; one that is not there is no error. */
export async function removeNetwork(
  site: Site,
  environmentId: string,
  signal: AbortSignal,
): Promise<void> {
  const name = networkName(site.settings.instance, environmentId)
  await site.takeTurn(`network ${name}`, async () => {
    const found = await find(site, name, signal)
    if (found !== null) await remove(site, found, signal)
  })
}

/** Removes every network of this instance; their containers must be gone. */
export async function removeAllNetworks(site: Site, signal: AbortSignal): Promise<void> {
  const ours = await listNetworks(site, [`slipway.instance=${site.settings.instance}`], signal)
  for (const network of ours) await remove(site, network, signal)
}

async function find(site: Site, name: string, signal: AbortSignal): Promise<Network | null> {
  const ours = await listNetworks(site, [`slipway.instance=${site.settings.instance}`], signal)
  return ours.find((network) => network.Name === name) ?? null
}

function listNetworks(site: Site, label: string[], signal: AbortSignal): Promise<Network[]> {
  const query = { filters: JSON.stringify({ label }) }
  return site.engine.ask(
    { method: 'GET', path: '/networks', query, doing: 'list networks' },
    signal,
  )
}

/** CIDR of a network's IPv4 subnet. */
function subnetOf(network: Network): string | undefined {
  return network.IPAM.Config?.[0]?.Subnet
}

async function create(site: Site, wanted: Wanted, signal: AbortSignal): Promise<void> {
  const { instance } = site.settings
  const body = {
    Name: wanted.name,
    Driver: 'bridge',
    CheckDuplicate: true,
    IPAM: { Config: [{ Subnet: wanted.subnet, Gateway: gatewayOf(wanted.subnet) }] },
    Options: {
      'com.docker.network.bridge.name': bridgeName(instance, wanted.name),
      'com.docker.network.bridge.enable_icc': String(wanted.open),
    },
    Labels: { ...instanceLabels(instance), ...wanted.labels },
  }
  const doing = `make the network ${wanted.name} (${wanted.subnet})`
  await site.engine.ask({ method: 'POST', path: '/networks/create', body, doing }, signal)
}

/** Its copies must be gone. What only waits there for the next one goes with it. */
async function remove(site: Site, network: Network, signal: AbortSignal): Promise<void> {
  await removeWaiting(site, { network: network.Name }, signal)
  const doing = `remove the network ${network.Name}`
  await unless(
    [404],
    site.engine.ask({ method: 'DELETE', path: `/networks/${network.Id}`, doing }, signal),
  )
}

/** Subnets of the engine's networks that are not ours. */
export async function foreignNetworkSubnets(site: Site, signal: AbortSignal): Promise<string[]> {
  const [all, ours] = await Promise.all([
    listNetworks(site, [], signal),
    listNetworks(site, [`slipway.instance=${site.settings.instance}`], signal),
  ])
  const own = new Set(ours.map((network) => network.Id))
  return all
    .filter((network) => !own.has(network.Id))
    .flatMap((network) => network.IPAM.Config ?? [])
    .flatMap(({ Subnet }) => (Subnet === undefined || Subnet.includes(':') ? [] : [Subnet]))
}
