import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Places } from '#builder/places.ts'

const lookMs = 200
const patienceMs = 60_000

/**
 * Lets builds go first: answers what waits, when asked, until none is under way. Over its life it waits
 * for a minute at most, so that a platform that always builds gets its work done too.
 */
export function givesWay(
  { builds }: Pick<Places, 'builds'>,
  signal: AbortSignal,
): () => Promise<void> {
  let waitedMs = 0
  return async (): Promise<void> => {
    while (waitedMs < patienceMs && (await readdir(builds)).length > 0) {
      await sleep(lookMs, undefined, { signal })
      waitedMs += lookMs
    }
  }
}
