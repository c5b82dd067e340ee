import type Docker from 'dockerode'
import type { Instance } from '#driver/driver.ts'
import { inspectContainer, startFailure } from './container.ts'
import type { Container } from './container.ts'
import { identityOf } from './identity.ts'
import { containerFilter, readCopyLabels, type Labels } from './labels.ts'
import { networkName } from './names.ts'
import { ranOutOfMemory } from './out-of-memory.ts'
import type { Site } from './site.ts'
import { isWaiting } from './waiting.ts'

type Listed = Docker.ContainerInfo

/**
 * Every copy and one-off of ours. One call of the engine for all that run; one more for each of the
 * others, since only a close look tells how it ended.
 */
export async function listCopies(
  site: Site,
  { environmentId }: { environmentId?: string },
  signal: AbortSignal,
): Promise<Instance[]> {
  const label = containerFilter(site.settings.instance, 'copy', environmentId)
  const query = { all: true, filters: JSON.stringify({ label }) }
  const request = { method: 'GET', path: '/containers/json', query, doing: 'list copies' } as const
  const listed = await site.engine.ask<Listed[]>(request, signal)
  const copies = listed.filter((container) => !isWaiting(container))
  const seen = await Promise.all(copies.map((container) => see(site, container, signal)))
  return seen.filter((instance) => instance !== null)
}

async function see(site: Site, listed: Listed, signal: AbortSignal): Promise<Instance | null> {
  const labels = await identityOf(site, listed.Labels)
  if (isRunning(listed.State)) return describe(listed, labels, running(site, listed))
  const found = await inspectContainer(site, listed.Id, signal)
  return found === null ? null : describe(listed, labels, await resting(site, found, signal))
}

type Seen = Pick<Instance, 'state' | 'address' | 'exitCode' | 'oomKilled'>

function describe(listed: Listed, labels: Labels, seen: Seen): Instance {
  const name = listed.Names[0]?.slice(1) ?? listed.Id
  return { name, ...readCopyLabels(labels), ...seen }
}

function isRunning(state: string): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting'
}

function running({ settings }: Site, { Labels, NetworkSettings }: Listed): Seen {
  const network = networkName(settings.instance, Labels['slipway.environment-id'] ?? '')
  const address = NetworkSettings.Networks[network]?.IPAddress
  return {
    state: 'running',
    address: address === undefined || address === '' ? null : address,
    exitCode: null,
    oomKilled: false,
  }
}

/** One that does not run: not yet, not any more, or (a command that cannot be executed) never. */
async function resting(site: Site, found: Container, signal: AbortSignal): Promise<Seen> {
  const { Status, ExitCode } = found.State
  const failed = startFailure(found)
  if (Status === 'created' && failed === null) {
    return { state: 'created', address: null, exitCode: null, oomKilled: false }
  }
  const oomKilled = await ranOutOfMemory(site, found, signal)
  return { state: 'exited', address: null, exitCode: failed ?? ExitCode, oomKilled }
}
