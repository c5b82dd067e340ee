import { randomBytes } from 'node:crypto'
import { openTurns } from '#lib/turns.ts'
import type { SandboxSpec } from '#driver/driver.ts'
import { imageDigest } from './image.ts'
import type { Site } from './site.ts'
import { discardSlot, openSlot, shapeOf, type Shape, type Slot } from './slot.ts'
import { sweepReady } from './sweep.ts'

/** The sandboxes of this process: those at work, and those that wait for a job. */
export interface Slots {
  /** One for this job alone: a ready one, or one made now. */
  take(spec: SandboxSpec, signal: AbortSignal): Promise<Slot>
  /** One ready slot for each shape that recurs. */
  refill(signal: AbortSignal): Promise<void>
  /** Whatever was ready is not taken any more. */
  forget(): Promise<void>
}

/** An empty container takes some memory of the host, so few are kept: one for each stack in use. */
const keptShapes = 2
const discardMs = 30_000

export function openSlots(site: Site): Slots {
  const recurring = new Map<string, Shape>()
  const ready = new Map<string, Slot>()
  const takeTurn = openTurns()
  let swept: Promise<void> | null = null

  /** What an earlier process of this instance had ready is nobody's. */
  const sweepOnce = (signal: AbortSignal): Promise<void> => {
    swept ??= sweepReady(site, signal).catch((error: unknown) => {
      swept = null
      throw error
    })
    return swept
  }
  const remember = (key: string, shape: Shape): void => {
    recurring.delete(key)
    recurring.set(key, shape)
    for (const old of [...recurring.keys()].slice(0, -keptShapes)) recurring.delete(old)
  }
  const discard = async (key: string): Promise<void> => {
    const slot = ready.get(key)
    ready.delete(key)
    slot?.control.close()
    if (slot !== undefined) await discardSlot(site, slot.name, AbortSignal.timeout(discardMs))
  }
  const isUsable = (slot: Slot | undefined): slot is Slot => slot?.output.isOver === false

  return {
    take: async (spec, signal) => {
      await sweepOnce(signal)
      const shape = shapeOf(spec, await imageDigest(site, spec.image, signal))
      const key = JSON.stringify(shape)
      if (spec.recurs === true) remember(key, shape)
      const slot = ready.get(key)
      if (!isUsable(slot)) return openSlot(site, spec.name, shape, spec.owner, signal)
      ready.delete(key)
      return slot
    },
    refill: (signal) =>
      takeTurn('refill', async () => {
        for (const [key, slot] of ready) {
          // One that nobody took for long has ended by itself, and is not made again.
          if (!isUsable(slot)) recurring.delete(key)
          if (!recurring.has(key)) await discard(key)
        }
        for (const [key, shape] of recurring) {
          if (ready.has(key)) continue
          ready.set(key, await openSlot(site, readyName(site), shape, null, signal))
        }
      }),
    forget: async () => {
      recurring.clear()
      for (const key of ready.keys()) await discard(key)
    },
  }
}

function readyName({ settings }: Site): string {
  return `slw-${settings.instance}-ready-${randomBytes(6).toString('hex')}`
}
