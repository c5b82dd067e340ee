import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openTurns } from '#lib/turns.ts'
import type { CopySpec } from '#driver/driver.ts'
import { chooseAddress, listNeighbours } from './addresses.ts'
import { createContainer, inspectContainer, renameContainer, startContainer } from './container.ts'
import { writeIdentity } from './identity.ts'
import { imageDigest } from './image.ts'
import { mountShared, mountTreeAt } from './mounts.ts'
import { ensureNetwork } from './network.ts'
import { treeBody, treeVariables, waitingBody } from './profile.ts'
import type { Site } from './site.ts'
import { openControl, type Control } from './slot-control.ts'
import { discard, mountBase } from './stop.ts'
import { treeEntrypoint } from './wrapper.ts'

/** Containers that wait in their environment's network to become the next copy of what ran last. */
export interface ReadyCopies {
  /** Whether a waiting container has become this copy; if not, nothing has happened. */
  become(spec: CopySpec, signal: AbortSignal): Promise<boolean>
  /** Makes one for each of the copies started last. */
  refill(signal: AbortSignal): Promise<void>
  /** Removes those of an environment that is going. */
  forget(environmentId: string): Promise<void>
}

/** Each takes some memory of the host, so they are kept for what is being worked on. */
const keptCopies = 8
const discardMs = 30_000

interface Waiting {
  readonly name: string
  readonly control: Control
}

export function openReadyCopies(site: Site): ReadyCopies {
  const recent = new Map<string, CopySpec>()
  const waiting = new Map<string, Waiting>()
  const takeTurn = openTurns()

  const remember = (key: string, spec: CopySpec): void => {
    recent.delete(key)
    // What it was started with is its own affair; what it is like may come again.
    recent.set(key, { ...spec, env: {}, command: null })
    for (const old of [...recent.keys()].slice(0, -keptCopies)) recent.delete(old)
  }
  const drop = async (key: string): Promise<void> => {
    const one = waiting.get(key)
    waiting.delete(key)
    one?.control.close()
    if (one !== undefined) await discard(site, one.name, true, AbortSignal.timeout(discardMs))
  }

  return {
    become: async (spec, signal) => {
      if (spec.artifact.kind !== 'tree') return false
      const [key, present] = await Promise.all([
        keyOf(site, spec, signal),
        inspectContainer(site, spec.name, signal),
      ])
      remember(key, spec)
      const one = waiting.get(key)
      if (one === undefined || present !== null) return false
      waiting.delete(key)
      try {
        await become(site, one, spec, spec.artifact.layers, signal)
        return true
      } catch (error) {
        signal.throwIfAborted()
        site.settings.log.warn('copy.not_ready', { copy: spec.name, reason: String(error) })
        await discard(site, one.name, true, AbortSignal.timeout(discardMs))
        return false
      } finally {
        one.control.close()
      }
    },
    refill: (signal) =>
      takeTurn('refill', async () => {
        for (const [key, { name }] of waiting) {
          // One that nobody took for long has ended by itself, and is not made again.
          const found = await inspectContainer(site, name, signal)
          if (found?.State.Running !== true) recent.delete(key)
          if (!recent.has(key)) await drop(key)
        }
        for (const [key, spec] of recent) {
          if (!waiting.has(key)) waiting.set(key, await makeWaiting(site, spec, signal))
        }
      }),
    forget: (environmentId) =>
      takeTurn('refill', async () => {
        for (const [key, { owner }] of recent) {
          if (owner.environmentId !== environmentId) continue
          recent.delete(key)
          await drop(key)
        }
      }),
  }
}

/** What a waiting container is made with, and a copy must want, so that it can become it. */
async function keyOf(site: Site, spec: CopySpec, signal: AbortSignal): Promise<string> {
  const { owner, type, index, stackImage, subnet, limits } = spec
  const image = await imageDigest(site, stackImage, signal)
  return JSON.stringify([owner, type, index, image, subnet, limits])
}

async function makeWaiting(site: Site, spec: CopySpec, signal: AbortSignal): Promise<Waiting> {
  const name = `slw-${site.settings.instance}-ready-${randomBytes(6).toString('hex')}`
  const base = mountBase(site, name)
  const { environmentId } = spec.owner
  let control: Control | undefined
  try {
    await mountShared(base, spec.limits.diskBytes, signal)
    for (const folder of ['place', 'control']) await mkdir(join(base, folder), { recursive: true })
    control = await openControl(join(base, 'control'), signal)
    const network = await ensureNetwork(site, { environmentId, subnet: spec.subnet }, signal)
    await site.takeTurn(`copies ${environmentId}`, async () => {
      const neighbours = await listNeighbours(site, network, signal)
      const address = chooseAddress(spec.subnet, neighbours, name)
      const place = { network, address, atMs: Date.now() }
      const body = treeBody(spec, place, join(base, 'place'), site.settings)
      await createContainer(site, name, waitingBody(body, name, join(base, 'control')), signal)
    })
    await startContainer(site, name, signal)
    await untilReady(control, signal)
    return { name, control }
  } catch (error) {
    control?.close()
    await discard(site, name, true, AbortSignal.timeout(discardMs)).catch(() => undefined)
    throw error
  }
}

const readyMs = 10_000

async function untilReady({ ready }: Control, signal: AbortSignal): Promise<void> {
  const late = Promise.withResolvers<never>()
  const either = AbortSignal.any([signal, AbortSignal.timeout(readyMs)])
  const fail = (): void => late.reject(either.reason as Error)
  either.addEventListener('abort', fail, { once: true })
  await Promise.race([ready, late.promise]).finally(() => either.removeEventListener('abort', fail))
}

/**
 * Named last: if we are killed before, the next sweep finds a container that waits, whatever runs in it,
 * and removes it; one that bears the name of a copy is that copy.
 */
async function become(
  site: Site,
  { name, control }: Waiting,
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
  const argv = [...treeEntrypoint, spec.command ?? '']
  await control.give({ argv, env: treeVariables(spec, site.settings) })
  await renameContainer(site, name, spec.name, signal)
}
