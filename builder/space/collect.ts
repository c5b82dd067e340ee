import { rename, rm } from 'node:fs/promises'
import type { Collected } from '#contract/builder.ts'
import type { Workshop } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import type { Places } from '#builder/places.ts'
import { findGarbage, type Garbage, type Kept, type Kind, type Search } from './garbage.ts'
import { freeBytes } from './size.ts'

export interface Collecting {
  readonly places: Places
  readonly workshop: Pick<Workshop, 'images' | 'removeImage'>
  readonly log: Log
}

/**
 * Removes what nothing needs any more, or only says what it would be. What cannot be removed is left
 * for the next time and not counted.
 */
export async function collect(
  { places, workshop, log }: Collecting,
  kept: Kept,
  { dryRun, ...search }: Search & { dryRun: boolean },
  signal: AbortSignal,
): Promise<Collected> {
  const garbage = await findGarbage(places, workshop, kept, search, signal)
  const gone: Garbage[] = []
  for (const one of garbage) {
    if (dryRun || (await remove(one, workshop, log, signal))) gone.push(one)
  }
  return {
    dry_run: dryRun,
    freed: sums(gone),
    size: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    free: await freeBytes(places.slugs),
  }
}

/** Out of sight first: whatever looks for it finds it whole or not at all. */
async function remove(
  { kind, at }: Garbage,
  workshop: Pick<Workshop, 'removeImage'>,
  log: Log,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    signal.throwIfAborted()
    if (kind === 'images') await workshop.removeImage(at, signal)
    else await removePath(at)
    return true
  } catch (error) {
    signal.throwIfAborted()
    log.warn('collect.left', { kind, at, reason: String(error) })
    return false
  }
}

async function removePath(at: string): Promise<void> {
  const aside = `${at}.gone`
  await rename(at, aside)
  await rm(aside, { recursive: true, force: true })
}

function sums(garbage: readonly Garbage[]): Collected['freed'] {
  const kinds = new Map<Kind, { count: number; size: number }>()
  for (const { kind, sizeBytes } of garbage) {
    const sum = kinds.get(kind) ?? { count: 0, size: 0 }
    kinds.set(kind, { count: sum.count + 1, size: sum.size + sizeBytes })
  }
  return [...kinds].map(([kind, sum]) => ({ kind, ...sum }))
}
