import { failure } from '#contract/error.ts'

/** One push per app at a time. */
export class PushLocks {
  readonly #held = new Map<string, { readonly email: string; readonly since: number }>()

  /** Answers how to let go. Throws BUILD_RUNNING at once when another push holds it. */
  take(appId: string, app: string, email: string): () => void {
    const holder = this.#held.get(appId)
    if (holder !== undefined) {
      const seconds = Math.round((performance.now() - holder.since) / 1000)
      throw failure('BUILD_RUNNING', { app, seconds, user: holder.email })
    }
    this.#held.set(appId, { email, since: performance.now() })
    return () => void this.#held.delete(appId)
  }
}
