import { join } from 'node:path'
import type { CopySpec } from '#driver/driver.ts'
import { chooseAddress, listNeighbours } from './addresses.ts'
import {
  createContainer,
  inspectContainer,
  removeContainer,
  signalContainer,
  startContainer,
  startFailure,
  waitForEnd,
} from './container.ts'
import { Refusal, unless } from './errors.ts'
import { imageFacts } from './image-facts.ts'
import { clearMounts, mountTree } from './mounts.ts'
import { checkName } from './names.ts'
import { ensureNetwork } from './network.ts'
import { imageBody, treeBody } from './profile.ts'
import type { Place } from './profile.ts'
import type { Site } from './site.ts'
import type Docker from 'dockerode'

type Body = Docker.ContainerCreateOptions
type Change = (body: Body) => Body

/** Attempts when an address turns out to be taken by somebody our list does not show. */
const attempts = 3

/**
 * Starts a copy, whatever an earlier call got done before it was cut off: each step (network,
 * mounts, container, start) first looks whether it is needed. One that has exited stays as it is.
 */
export async function startCopy(site: Site, spec: CopySpec, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await makeCopy(site, spec, signal)
    const found = await inspectContainer(site, spec.name, signal)
    if (found !== null && found.State.Status !== 'created') return
    try {
      return await startMade(site, spec.name, signal)
    } catch (error) {
      if (attempt === attempts || !isAddressTaken(error)) throw error
      await removeContainer(site, spec.name, signal)
    }
  }
}

/** A command that cannot be executed is the app's failure, seen as an exit; all else is thrown. */
export async function startMade(site: Site, name: string, signal: AbortSignal): Promise<void> {
  try {
    await startContainer(site, name, signal)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const found = await inspectContainer(site, name, signal)
    if (found === null || startFailure(found) === null) throw error
  }
}

/** Makes the container and all it needs; nothing when it is there. */
export async function makeCopy(
  site: Site,
  spec: CopySpec,
  signal: AbortSignal,
  change: Change = (body) => body,
): Promise<void> {
  checkName(spec.name)
  const { environmentId } = spec.owner
  const network = await ensureNetwork(site, { environmentId, subnet: spec.subnet }, signal)
  await site.takeTurn(`copies ${environmentId}`, async () => {
    const neighbours = await listNeighbours(site, network, signal)
    if (neighbours.names.has(spec.name)) return
    const address = chooseAddress(spec.subnet, neighbours, spec.name)
    const body = await bodyOf(site, spec, { network, address, atMs: Date.now() }, signal)
    await unless([409], createContainer(site, spec.name, change(body), signal))
  })
}

async function bodyOf(
  site: Site,
  spec: CopySpec,
  place: Place,
  signal: AbortSignal,
): Promise<Body> {
  const { artifact } = spec
  if (artifact.kind === 'image') {
    const facts = await imageFacts(site, artifact.image, signal)
    return imageBody(spec, place, artifact.image, facts, site.settings)
  }
  const base = mountBase(site, spec.name)
  const app = await mountTree(base, artifact.layers, spec.limits.diskBytes, signal)
  return treeBody(spec, place, app, site.settings)
}

/** Where the mounts of a copy are. */
export function mountBase({ settings }: Site, name: string): string {
  return join(settings.runDir, 'copies', name)
}

function isAddressTaken(error: unknown): boolean {
  return error instanceof Refusal && error.message.includes('Address already in use')
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
    await signalContainer(site, name, found.Config.StopSignal ?? 'SIGTERM', signal)
    await waitAtMost(site, name, graceMs, signal)
  }
  await discard(site, name, found !== null, signal)
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
