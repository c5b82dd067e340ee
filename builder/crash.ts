import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Peer } from '#contract/call.ts'
import { SlipwayError } from '#contract/error.ts'
import { finishBuild } from '#contract/push.ts'
import type { Workshop } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { ask, isAway } from './ask.ts'
import { emptyDirectory } from './build/files.ts'
import type { Places } from './places.ts'
import { sweepRepositories } from './receive/repository.ts'

/**
 * Clears up behind a builder that was killed, before the first push is taken: its sandboxes, its
 * half-made directories, its quarantines.
 */
export async function sweep(
  places: Places,
  workshop: Workshop,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  await sweepRepositories(places.repos)
  const left = await readdir(places.builds)
  if (left.length === 0) return
  await workshop.sweep(signal).catch((error: unknown) => {
    log.warn('sweep.engine_failed', { reason: String(error) })
  })
  for (const id of left) await emptyDirectory(join(places.builds, id))
}

/**
 * Tells the controller that builds a killed builder left are cancelled. An empty directory stands for
 * each until it has heard; a build that had become a release meanwhile stays one.
 */
export async function cancelLeftBuilds(
  { builds }: Places,
  ours: ReadonlySet<string>,
  controller: Peer,
  signal: AbortSignal,
): Promise<void> {
  for (const id of await readdir(builds)) {
    if (!ours.has(id)) continue
    const options = {
      params: { build: id },
      body: { status: 'cancelled', stage: 'build' } as const,
    }
    try {
      await ask(controller, finishBuild, options, signal)
    } catch (error) {
      if (!(error instanceof SlipwayError) || isAway(error)) throw error
    }
    await rmdir(join(builds, id))
  }
}
