import { retry } from '#lib/retry.ts'
import type { CopySpec } from '#driver/driver.ts'
import { findAddress, listNeighbours } from './addresses.ts'
import {
  createContainer,
  inspectContainer,
  removeContainer,
  startContainer,
  startFailure,
} from './container.ts'
import { Refusal } from './errors.ts'
import { imageFacts } from './image-facts.ts'
import { mountTree } from './mounts.ts'
import { checkName } from './names.ts'
import { ensureNetwork } from './network.ts'
import { imageBody, treeBody } from './profile.ts'
import type { Place } from './profile.ts'
import type { Site } from './site.ts'
import { mountBase } from './stop.ts'
import type Docker from 'dockerode'

type Body = Docker.ContainerCreateOptions
type Change = (body: Body) => Body

/**
 * Refusals that pass: a `create` that was cut off goes on inside the engine and has the name (409)
 * before any list shows it; an address may be taken by somebody our list does not show.
 */
const patient = {
  times: 30,
  pauseMs: 100,
  isPassing: (error: unknown) => isNameTaken(error) || isAddressTaken(error),
}

/**
 * Starts a copy, whatever an earlier call got done before it was cut off: each step (network,
 * mounts, container, start) first looks whether it is needed. One that has exited stays as it is.
 */
export function startCopy(site: Site, spec: CopySpec, signal: AbortSignal): Promise<void> {
  return retry(() => tryStart(site, spec, signal), patient, signal)
}

async function tryStart(site: Site, spec: CopySpec, signal: AbortSignal): Promise<void> {
  const isNew = await makeCopy(site, spec, signal)
  if (!isNew && (await hasStarted(site, spec.name, signal))) return
  try {
    await startMade(site, spec.name, signal)
  } catch (error) {
    if (isAddressTaken(error)) await removeContainer(site, spec.name, signal)
    throw error
  }
}

async function hasStarted(site: Site, name: string, signal: AbortSignal): Promise<boolean> {
  const found = await inspectContainer(site, name, signal)
  return found !== null && found.State.Status !== 'created'
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

/** Makes the container and all it needs, unless it is there; whether it was made now. */
export async function makeCopy(
  site: Site,
  spec: CopySpec,
  signal: AbortSignal,
  change: Change = (body) => body,
): Promise<boolean> {
  checkName(spec.name)
  const { environmentId } = spec.owner
  const network = await ensureNetwork(site, { environmentId, subnet: spec.subnet }, signal)
  return site.takeTurn(`copies ${environmentId}`, async () => {
    const neighbours = await listNeighbours(site, network, signal)
    if (neighbours.names.has(spec.name)) return false
    const address = await findAddress(site, spec, { network, neighbours }, signal)
    const body = await bodyOf(site, spec, { network, address, atMs: Date.now() }, signal)
    await createContainer(site, spec.name, change(body), signal)
    return true
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

function isNameTaken(error: unknown): boolean {
  return error instanceof Refusal && error.status === 409
}

function isAddressTaken(error: unknown): boolean {
  return error instanceof Refusal && error.message.includes('Address already in use')
}
