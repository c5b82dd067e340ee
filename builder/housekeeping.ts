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
import { collect } from './space/collect.ts'
import { maintain } from './space/repositories.ts'

/** What goes on behind the pushes: archives of new slugs, a sandbox made ready, collection of old slugs. */
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
    const done = await collect({ places, workshop, log }, kept, { dryRun: false }, signal)
    log.info('collected', {
      bytes: done.size,
      things: done.freed.reduce((sum, { count }) => sum + count, 0),
    })
    await maintain(places, log, signal)
  }
  const archives = startLoop(archive, { everyMs: hourlyMs, onError })
  const ready = startLoop((signal) => workshop.makeReady(signal), { everyMs: hourlyMs, onError })
  const tidying = startLoop(tidy, { everyMs: dailyMs, onError })
  return {
    kick: () => {
      ready.kick()
      archives.kick()
    },
    close: async () => {
      await Promise.all([archives.close(), ready.close(), tidying.close()])
    },
  }
}
