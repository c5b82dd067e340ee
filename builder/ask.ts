import { setTimeout as sleep } from 'node:timers/promises'
import { call, type CallOptions, type Peer } from '#contract/call.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { failure, SlipwayError } from '#contract/error.ts'

/** Calls the controller with a deadline; no answer in time is UNAVAILABLE like no answer at all. */
export async function ask<E extends Endpoint>(
  peer: Peer,
  target: E,
  options: CallOptions<E>,
  signal: AbortSignal,
  deadlineMs = 15_000,
): Promise<ReplyOf<E>> {
  const deadline = AbortSignal.timeout(deadlineMs)
  try {
    return await call(peer, target, { ...options, signal: AbortSignal.any([signal, deadline]) })
  } catch (error) {
    if (!deadline.aborted || signal.aborted) throw error
    const reason = `no answer in ${deadlineMs / 1000} s`
    throw failure('UNAVAILABLE', { program: peer.program, reason }, { cause: error })
  }
}

/** Tries again while the other side is away, at most for `patienceMs`. */
export async function patiently<T>(
  patienceMs: number,
  attempt: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const until = performance.now() + patienceMs
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
    try {
      return await attempt()
    } catch (error) {
      if (!isAway(error) || performance.now() + pauseMs > until) throw error
    }
    await sleep(pauseMs, undefined, { signal })
  }
}

/** Whether an error says that the other program cannot be reached at the moment. */
export function isAway(error: unknown): boolean {
  return error instanceof SlipwayError && error.code === 'UNAVAILABLE'
}
