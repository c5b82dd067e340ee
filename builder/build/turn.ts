import { withDeadline } from './deadline.ts'
import type { Place } from './queue.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import type { Voice } from './voice.ts'

/** Waits for a turn, tells the pusher the place, and builds until the time of a build is over. */
export async function inTurn<T>(
  { user }: BuildRequest,
  { queue, config }: BuildTools,
  voice: Voice,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const leave = await queue.enter(user, (place) => voice.text(placeText(place)), signal)
  try {
    return await withDeadline(config.timeoutMs, signal, work)
  } finally {
    leave()
  }
}

function placeText({ before, own }: Place): string {
  const builds = before === 1 ? '1 other build' : `${before} other builds`
  return own ? `Waiting for ${builds} of yours` : `Waiting for ${builds}`
}
