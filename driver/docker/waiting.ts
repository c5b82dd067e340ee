import type Docker from 'dockerode'
import { inspectContainer, removeContainer } from './container.ts'
import { containerFilter, madeAsLabel } from './labels.ts'
import { clearMounts } from './mounts.ts'
import type { Site } from './site.ts'
import { mountBase } from './stop.ts'

/** The containers that wait to become a copy, as the engine knows them. */

export interface Waiter {
  readonly id: string
  /** The name it was made under, and goes by until it is a copy. */
  readonly name: string
  readonly isRunning: boolean
}

/** Whether a container was made ready and is no copy yet. */
export function isWaiting({ Names, Labels }: Docker.ContainerInfo): boolean {
  const madeAs = Labels[madeAsLabel]
  return madeAs !== undefined && Names.includes(`/${madeAs}`)
}

/** All that wait, or those in one network; those that have ended are among them. */
export async function listWaiting(
  { engine, settings }: Site,
  filter: { network?: string },
  signal: AbortSignal,
): Promise<Waiter[]> {
  const label = containerFilter(settings.instance, 'copy')
  const network = filter.network === undefined ? {} : { network: [filter.network] }
  const query = { all: true, filters: JSON.stringify({ label, ...network }) }
  const request = { method: 'GET', path: '/containers/json', query, doing: 'list' } as const
  const found = await engine.ask<Docker.ContainerInfo[]>(request, signal)
  return found.filter(isWaiting).map(({ Id, State, Labels }) => ({
    id: Id,
    name: Labels[madeAsLabel] ?? '',
    isRunning: State === 'running',
  }))
}

/** Removes all that wait, or those in one network. Whoever was about to take one starts another. */
export async function removeWaiting(
  site: Site,
  filter: { network?: string },
  signal: AbortSignal,
): Promise<void> {
  const all = await listWaiting(site, filter, signal)
  await Promise.all(all.map((waiter) => removeWaiter(site, waiter, signal)))
}

/** By the name it waits under: one that is a copy by now has another, and stays with its mounts. */
export async function removeWaiter(
  site: Site,
  { id, name }: Pick<Waiter, 'id' | 'name'>,
  signal: AbortSignal,
): Promise<void> {
  await removeContainer(site, name, signal)
  if ((await inspectContainer(site, id, signal)) !== null) return
  await clearMounts(mountBase(site, name), signal)
}
