import { Cancelled } from './sentence.ts'
import type { GitService } from './service.ts'

/** What may end a push early, and from when on nothing may. */
export class PushLife {
  readonly #git: Pick<GitService, 'detach' | 'stop'>
  readonly #cancel = new AbortController()
  #build: string | null = null
  #isBuilt = false

  constructor(git: Pick<GitService, 'detach' | 'stop'>, gone: AbortSignal) {
    this.#git = git
    if (gone.aborted) this.#leave()
    else gone.addEventListener('abort', () => this.#leave(), { once: true })
  }

  get cancelled(): AbortSignal {
    return this.#cancel.signal
  }

  /** Id of its build, as the API knows it; null before there is one. */
  get build(): string | null {
    return this.#build
  }

  begin(build: string): void {
    this.#build = build
  }

  /** The build is about to become a release. */
  commit(): void {
    this.#isBuilt = true
  }

  /** Whether it could still be cancelled. */
  cancel(reason: Cancelled): boolean {
    if (!this.#isBuilt) this.#cancel.abort(reason)
    return !this.#isBuilt
  }

  #leave(): void {
    this.#git.detach()
    const reason = new Cancelled('the push was cancelled', 'Nothing was deployed.')
    if (this.cancel(reason)) this.#git.stop()
  }
}
