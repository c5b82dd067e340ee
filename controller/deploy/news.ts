import { EventEmitter, once } from 'node:events'

/** Wakes those who wait for news of a deployment. Says that there is some, never what. */
export interface News {
  tell(deploymentId: string): void
  /** Register before looking, so that nothing falls between. Resolves on news or after `waitMs`. */
  next(deploymentId: string, waitMs: number, signal: AbortSignal): Promise<void>
}

export function openNews(): News {
  const events = new EventEmitter().setMaxListeners(0)
  return {
    tell: (id) => void events.emit(id),
    next: async (id, waitMs, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
      await once(events, id, { signal: limit }).catch(() => undefined)
    },
  }
}
