import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { removeContainer } from './container.ts'
import { containerFilter } from './labels.ts'
import { clearMounts } from './mounts.ts'
import type { Role } from './names.ts'
import type { Site } from './site.ts'

/** Removes every sandbox of this instance and what it had mounted. For the start of a builder. */
export async function sweepSandboxes(site: Site, signal: AbortSignal): Promise<void> {
  await removeAll(site, 'build', signal)
  await clearAllBut(join(site.settings.runDir, 'sandboxes'), new Set(), signal)
}

/** Removes all containers of a role, running or not. */
export async function removeAll(site: Site, role: Role, signal: AbortSignal): Promise<void> {
  for (const { Id } of await containersOf(site, role, signal)) {
    await removeContainer(site, Id, signal)
  }
}

/** Unmounts the trees of copies that a crash left without a container. */
export async function sweepCopies(site: Site, signal: AbortSignal): Promise<void> {
  const kept = new Set((await containersOf(site, 'copy', signal)).flatMap(({ Names }) => Names))
  const names = new Set([...kept].map((name) => name.slice(1)))
  await clearAllBut(join(site.settings.runDir, 'copies'), names, signal)
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
