import { failure } from '#contract/error.ts'
import { Refused } from '#builder/refused.ts'

/** Leave to decide about a push; nobody else has it for the same app. */
export interface Turn {
  /** Gives it back; `moved`: the refs of the app are not what they were. */
  end(moved: boolean): void
}

/**
 * One push per app is decided at a time. Several may send their packs at once, so that one that
 * stalls keeps nobody waiting.
 */
export class PushLocks {
  readonly #held = new Map<string, { readonly email: string; readonly since: number }>()
  /** How often the refs of an app moved. */
  readonly #moves = new Map<string, number>()

  /** For a push that begins. Throws BUILD_RUNNING when one is decided just now. */
  look(appId: string, app: string): number {
    const holder = this.#held.get(appId)
    if (holder === undefined) return this.#moves.get(appId) ?? 0
    const seconds = Math.round((performance.now() - holder.since) / 1000)
    throw failure('BUILD_RUNNING', { app, seconds, user: holder.email })
  }

  /**
   * For a push that has all arrived; `seen` is what `look` answered. Throws BUILD_RUNNING at once when
   * another has the turn, and Refused when refs moved since it began: git would not take it after
   * the build.
   */
  take(appId: string, app: string, email: string, seen: number): Turn {
    const moves = this.look(appId, app)
    if (moves !== seen) throw new Refused('receive', overtaken(app), 'Push again.')
    this.#held.set(appId, { email, since: performance.now() })
    return {
      end: (moved) => {
        this.#held.delete(appId)
        if (moved) this.#moves.set(appId, moves + 1)
      },
    }
  }
}

function overtaken(app: string): string {
  return `another push to "${app}" went through while this one arrived`
}
