import { readdir } from 'node:fs/promises'
import type { Peer } from '#contract/call.ts'
import { listKept } from '#contract/push.ts'
import type { Workshop } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { startLoop } from '#lib/loop.ts'
import { ask, patiently } from './ask.ts'
import { cancelLeftBuilds } from './crash.ts'
import type { Places } from './places.ts'
import { archiveSlugs } from './slug/archive.ts'
import { collect } from './slug/collect.ts'

/** What goes on behind the pushes: archives of new slugs, collection of old ones. */
export interface Housekeeping {
  /** There may be a new slug. */
  kick(): void
  close(): Promise<void>
}

const hourlyMs = 3_600_000
const dailyMs = 24 * hourlyMs

/** Begins at once with what a crash left undone; the builds there now are nobody's. */
export async function startHousekeeping(
  places: Places,
  workshop: Workshop,
  controller: Peer,
  log: Log,
): Promise<Housekeeping> {
  const onError = (error: unknown): void => log.error('housekeeping.failed', error)
  const left = new Set(await readdir(places.builds))
  const archive = (signal: AbortSignal): Promise<void> => archiveSlugs(places, signal)
  const tidy = async (signal: AbortSignal): Promise<void> => {
    await patiently(hourlyMs, () => cancelLeftBuilds(places, left, controller, signal), signal)
    const kept = await ask(controller, listKept, {}, signal)
    await collect(places, workshop, kept, signal)
  }
  const archives = startLoop(archive, { everyMs: hourlyMs, onError })
  const tidying = startLoop(tidy, { everyMs: dailyMs, onError })
  return {
    kick: () => archives.kick(),
    close: async () => {
      await Promise.all([archives.close(), tidying.close()])
    },
  }
}
