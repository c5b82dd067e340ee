import { setTimeout as sleep } from 'node:timers/promises'
import { Refused } from '#builder/refused.ts'

/** Time for what was cut to clear up before nobody waits for it any longer. */
const endMs = 30_000

/**
 * Runs a build with a signal that aborts when its time is over, and comes back whatever the build does:
 * one that does not end by its signal either is left behind, so that it holds no turn and no lock.
 */
export async function withDeadline<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  lastMs = endMs,
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(outOfTime(limitMs)), limitMs)
  const limited = AbortSignal.any([signal, late.signal])
  const over = new AbortController()
  try {
    return await Promise.race([work(limited), leftBehind(limited, lastMs, over.signal)])
  } catch (error) {
    throw late.signal.aborted && !signal.aborted ? late.signal.reason : error
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

/** Rejects some time after the signal. */
async function leftBehind(cut: AbortSignal, lastMs: number, over: AbortSignal): Promise<never> {
  if (!cut.aborted) {
    await new Promise<void>((resolve) => {
      cut.addEventListener('abort', () => resolve(), { once: true, signal: over })
    })
  }
  await sleep(lastMs, undefined, { signal: over }).catch(() => undefined)
  throw cut.reason
}

/** Why a build was ended that took too long. */
function outOfTime(limitMs: number): Refused {
  const hint = 'Make the build shorter, or ask the operator to raise SLIPWAY_BUILD_TIMEOUT.'
  return new Refused('compile', `the build took longer than ${durationOf(limitMs)}`, hint)
}

function durationOf(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
