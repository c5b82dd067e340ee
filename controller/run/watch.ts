import { dynoName } from '#controller/deploy/copy.ts'
import type { DeployDeps } from '#controller/deploy/deps.ts'

/** A one-off without a terminal. */
export interface Watched {
  readonly name: string
  readonly environmentId: string
  readonly type: string
  readonly index: number
}

type WatchDeps = Pick<DeployDeps, 'fleet' | 'logs' | 'log'>

/** Called when one has ended. */
type OnEnd = (one: Watched, exitCode: number) => Promise<void>

const stopMs = 30_000
/** 128 + SIGKILL */
const killedCode = 137

/** Waits for one-offs to end, or ends them when their time is over, and cleans up behind them. */
export class Watch {
  readonly #deps: WatchDeps
  readonly #onEnd: OnEnd
  readonly #closing = new AbortController()
  readonly #watching = new Map<string, Promise<void>>()

  constructor(deps: WatchDeps, onEnd: OnEnd) {
    this.#deps = deps
    this.#onEnd = onEnd
  }

  /** One that is watched already stays so. */
  begin(one: Watched, timeToLiveMs: number): void {
    if (this.#watching.has(one.name)) return
    const work = this.#watch(one, Math.max(timeToLiveMs, 0)).catch((error: unknown) => {
      if (!this.#closing.signal.aborted)
        this.#deps.log.error('run.failed', error, { run: one.name })
    })
    this.#watching.set(one.name, work)
    void work.then(() => this.#watching.delete(one.name))
  }

  has(name: string): boolean {
    return this.#watching.has(name)
  }

  /** The one-offs go on; the next controller takes them up. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#watching.values())
  }

  async #watch(one: Watched, timeToLiveMs: number): Promise<void> {
    const { fleet, logs } = this.#deps
    const code = await this.#end(one.name, timeToLiveMs)
    this.#closing.signal.throwIfAborted()
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(stopMs)])
    logs.follow(await fleet.list({ environmentId: one.environmentId }, signal))
    if (code !== null) await logs.finish(one.name, signal)
    const end =
      code === null ? `was killed after ${timeToLiveMs / 1000} s` : `ended with exit code ${code}`
    logs.event(one.environmentId, dynoName(one), end)
    // Before its container is gone: until then the next controller finds all of it out again.
    await logs.commit(one.environmentId)
    await this.#onEnd(one, code ?? killedCode)
    await fleet.stop(one.name, 0, signal)
  }

  /** Its exit code; null when its time is over first. */
  async #end(name: string, timeToLiveMs: number): Promise<number | null> {
    const limit = AbortSignal.timeout(timeToLiveMs)
    try {
      return await this.#deps.fleet.wait(name, AbortSignal.any([this.#closing.signal, limit]))
    } catch (error) {
      if (limit.aborted) return null
      throw error
    }
  }
}
