import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { removeContainer } from './container.ts'
import { containerFilter, madeAsLabel } from './labels.ts'
import { clearMounts } from './mounts.ts'
import type { Role } from './names.ts'
import type { Site } from './site.ts'
import { removeWaiting } from './waiting.ts'

/** Removes every sandbox of this instance and what it had mounted. For the start of a builder. */
export async function sweepSandboxes(site: Site, signal: AbortSignal): Promise<void> {
  await removeAll(site, 'build', signal)
  await clearAllBut(join(site.settings.runDir, 'sandboxes'), new Set(), signal)
}

/** Removes the sandboxes that an earlier process of this instance had made ready. */
export async function sweepReady(site: Site, signal: AbortSignal): Promise<void> {
  const found = await containersOf(site, 'build', signal)
  for (const { Id, Labels, Names } of found) {
    if (Labels['slipway.ready'] === undefined) continue
    await removeContainer(site, Id, signal)
    const names = Names.map((name) => join(site.settings.runDir, 'sandboxes', name.slice(1)))
    for (const base of names) await clearMounts(base, signal)
  }
}

/** Removes all containers of a role, running or not. */
export async function removeAll(site: Site, role: Role, signal: AbortSignal): Promise<void> {
  for (const { Id } of await containersOf(site, role, signal)) {
    await removeContainer(site, Id, signal)
  }
}

/** Removes what waits for an earlier process, and unmounts trees that a crash left without a container. */
export async function sweepCopies(site: Site, signal: AbortSignal): Promise<void> {
  await removeWaiting(site, {}, signal)
  const kept = await containersOf(site, 'copy', signal)
  const names = kept.flatMap(({ Names, Labels }) => [
    ...Names.map((name) => name.slice(1)),
    Labels[madeAsLabel] ?? '',
  ])
  await clearAllBut(join(site.settings.runDir, 'copies'), new Set(names), signal)
}

async function clearAllBut(
  folder: string,
  kept: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) if (!kept.has(name)) await clearMounts(join(folder, name), signal)
}

function containersOf(
  { engine, settings }: Site,
  role: Role,
  signal: AbortSignal,
): Promise<Docker.ContainerInfo[]> {
  const filters = JSON.stringify({ label: containerFilter(settings.instance, role) })
  const query = { all: true, filters }
  return engine.ask({ method: 'GET', path: '/containers/json', query, doing: 'list' }, signal)
}
