import { join } from 'node:path'
import { inspectContainer, removeContainer, signalContainer, waitForEnd } from './container.ts'
import type { Container } from './container.ts'
import { clearMounts } from './mounts.ts'
import { madeAsLabel } from './labels.ts'
import { checkName } from './names.ts'
import type { Site } from './site.ts'

/** Where the mounts of a copy are that goes by this name, or went by it when it was made. */
export function mountBase({ settings }: Site, name: string): string {
  return join(settings.runDir, 'copies', name)
}

/** SIGTERM (or what the image asks for), after `graceMs` SIGKILL, then all of it removed. */
export async function stopCopy(
  site: Site,
  name: string,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  checkName(name)
  const found = await inspectContainer(site, name, signal)
  if (found?.State.Running === true) {
    await signalContainer(site, name, stopSignal(found), signal)
    await waitAtMost(site, name, graceMs, signal)
  }
  await discardFound(site, name, found, signal)
}

/** Some images end cleanly on another signal than SIGTERM, and say so. */
function stopSignal({ Config }: Container): string {
  return (Config as { StopSignal?: string }).StopSignal ?? 'SIGTERM'
}

/** Removes a container, running or not, and its mounts. */
export async function discard(
  site: Site,
  name: string,
  isThere: boolean,
  signal: AbortSignal,
): Promise<void> {
  await discardFound(
    site,
    name,
    isThere ? await inspectContainer(site, name, signal) : null,
    signal,
  )
}

async function discardFound(
  site: Site,
  name: string,
  found: Container | null,
  signal: AbortSignal,
): Promise<void> {
  if (found !== null) await removeContainer(site, name, signal)
  const madeAs = found?.Config.Labels[madeAsLabel] ?? name
  for (const base of new Set([name, madeAs])) await clearMounts(mountBase(site, base), signal)
}

async function waitAtMost(
  site: Site,
  name: string,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const grace = AbortSignal.timeout(graceMs)
  try {
    await waitForEnd(site, name, Infinity, AbortSignal.any([signal, grace]))
  } catch (error) {
    signal.throwIfAborted()
    if (!grace.aborted) throw error
  }
}
