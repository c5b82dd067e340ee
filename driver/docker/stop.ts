import { join } from 'node:path'
import { inspectContainer, removeContainer, signalContainer, waitForEnd } from './container.ts'
import type { Container } from './container.ts'
import { clearMounts } from './mounts.ts'
import { checkName } from './names.ts'
import type { Site } from './site.ts'

/** Where the mounts of a copy are. */
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
  await discard(site, name, found !== null, signal)
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
  if (isThere) await removeContainer(site, name, signal)
  await clearMounts(mountBase(site, name), signal)
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
