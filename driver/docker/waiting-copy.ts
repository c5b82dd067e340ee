import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CopySpec } from '#driver/driver.ts'
import { chooseAddress, listNeighbours } from './addresses.ts'
import {
  createContainer,
  inspectContainer,
  removeContainer,
  renameContainer,
  startContainer,
} from './container.ts'
import { writeIdentity } from './identity.ts'
import { clearMounts, mountShared, mountTreeAt } from './mounts.ts'
import { treeBody, treeVariables, waitingBody } from './profile.ts'
import type { Site } from './site.ts'
import { openControl, type Control } from './slot-control.ts'
import { mountBase } from './stop.ts'
import { treeEntrypoint } from './wrapper.ts'

/** A container that waits for us to say which copy it is. */
export interface WaitingCopy {
  readonly id: string
  readonly name: string
  readonly control: Control
}

const readyMs = 10_000
const takenMs = 5_000
const removeMs = 30_000

/** Makes one like `spec` in a network that is there. Nothing stays when that fails. */
export async function makeWaiting(
  site: Site,
  spec: CopySpec,
  network: string,
  signal: AbortSignal,
): Promise<WaitingCopy> {
  const name = `slw-${site.settings.instance}-ready-${randomBytes(6).toString('hex')}`
  const base = mountBase(site, name)
  let control: Control | undefined
  try {
    await mountShared(base, spec.limits.diskBytes, signal)
    for (const folder of ['place', 'control']) await mkdir(join(base, folder), { recursive: true })
    control = await openControl(join(base, 'control'), signal)
    const id = await create(site, name, { spec, network }, signal)
    await startContainer(site, name, signal)
    await within(control.ready, readyMs, signal)
    return { id, name, control }
  } catch (error) {
    control?.close()
    await remove(site, { id: name, name }).catch(() => undefined)
    throw error
  }
}

function create(
  site: Site,
  name: string,
  { spec, network }: { spec: CopySpec; network: string },
  signal: AbortSignal,
): Promise<string> {
  const base = mountBase(site, name)
  return site.takeTurn(`copies ${spec.owner.environmentId}`, async () => {
    const neighbours = await listNeighbours(site, network, signal)
    const address = chooseAddress(spec.subnet, neighbours, name)
    const place = { network, address, atMs: Date.now() }
    const body = treeBody(spec, place, join(base, 'place'), site.settings)
    return createContainer(site, name, waitingBody(body, name, join(base, 'control')), signal)
  })
}

/**
 * Named last: if we are killed before, the next sweep finds a container that waits, whatever runs in it,
 * and removes it; one that bears the name of a copy is that copy. When this fails, or is cut off, nothing
 * of it is left: the engine may have named it and only the answer been lost, so it goes by its id.
 */
export async function becomeCopy(
  site: Site,
  waiting: WaitingCopy,
  spec: CopySpec,
  layers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await prepare(site, waiting, spec, layers, signal)
    await within(give(site, waiting, spec), takenMs, signal)
    await renameContainer(site, waiting.name, spec.name, signal)
  } catch (error) {
    // What cannot be removed now still waits by its name, and goes with the next refill.
    await remove(site, waiting).catch(() => undefined)
    throw error
  } finally {
    waiting.control.close()
  }
}

async function prepare(
  site: Site,
  { name }: WaitingCopy,
  spec: CopySpec,
  layers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const base = mountBase(site, name)
  const [found] = await Promise.all([
    inspectContainer(site, name, signal),
    mountTreeAt(join(base, 'place'), base, layers, signal),
    writeIdentity(base, site.settings.instance, spec, Date.now()),
  ])
  if (found?.State.Running !== true) throw new Error('it does not run any more')
}

async function give(site: Site, { control }: WaitingCopy, spec: CopySpec): Promise<void> {
  const argv = [...treeEntrypoint, spec.command ?? '']
  await control.give({ argv, env: treeVariables(spec, site.settings) })
  await control.code
}

async function remove(site: Site, { id, name }: Omit<WaitingCopy, 'control'>): Promise<void> {
  const signal = AbortSignal.timeout(removeMs)
  await removeContainer(site, id, signal)
  await clearMounts(mountBase(site, name), signal)
}

async function within<T>(answer: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>()
  const either = AbortSignal.any([signal, AbortSignal.timeout(ms)])
  const fail = (): void => late.reject(either.reason as Error)
  either.addEventListener('abort', fail, { once: true })
  if (either.aborted) fail()
  return Promise.race([answer, late.promise]).finally(() =>
    either.removeEventListener('abort', fail),
  )
}
