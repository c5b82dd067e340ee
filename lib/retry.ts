import { setTimeout as pause } from 'node:timers/promises'

export interface RetryOptions {
  /** Tries in all. */
  readonly times: number
  readonly pauseMs: number
  /** Whether a failure may pass by itself. */
  readonly isPassing: (error: unknown) => boolean
}

/** Does a task, and again after a pause while it fails in a way that may pass. */
export async function retry<T>(
  task: () => Promise<T>,
  { times, pauseMs, isPassing }: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await task()
    } catch (error) {
      if (tried >= times || signal.aborted || !isPassing(error)) throw error
    }
    await pause(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}
