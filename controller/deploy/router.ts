import { call } from '#contract/call.ts'
import type { Peer } from '#contract/call.ts'
import { awaitIdle, getTable, putTable } from '#contract/route.ts'
import type { Route, RouteInstance, RouteTable } from '#contract/route.ts'
import { compose, isSame, keyOf } from './route-table.ts'
import { within } from './within.ts'

export interface RouterDeps {
  readonly router: Peer
  /** A number that was never given out and is above `floor`; durable before it is answered. */
  readonly nextNumber: (floor: number) => Promise<number>
}

/** A router that does not answer a table in this time is taken for down. */
const answerMs = 3000
/** On top of what we ask it to wait for. */
const drainSlackMs = 2000

/** Keeps the router's table what all environments together want, one table at a time. */
export class RouterKeeper {
  readonly #deps: RouterDeps
  readonly #wanted = new Map<string, readonly Route[]>()
  #known: readonly string[] = []
  #present: RouteTable | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: RouterDeps) {
    this.#deps = deps
  }

  /** What the router has of an environment; null when it has not answered yet. */
  routed(key: string): readonly RouteInstance[] | null {
    if (this.#present === null) return null
    const routes = this.#present.routes.filter((route) => keyOf(route) === key)
    return routes.flatMap((route) => route.instances)
  }

  /** Says what one environment wants, and returns when the router has it. Throws when it is down. */
  async put(key: string, routes: readonly Route[], signal: AbortSignal): Promise<void> {
    this.#wanted.set(key, routes)
    await this.#inTurn(() => this.#publish(signal))
  }

  /** Asks the router what it has, if that is not known. */
  async learn(signal: AbortSignal): Promise<void> {
    if (this.#present !== null) return
    await this.#inTurn(async () => void (await this.#look(signal)))
  }

  /** Names all environments there are, before any of them puts; routes of others go away. */
  know(keys: readonly string[]): void {
    this.#known = keys
    for (const key of this.#wanted.keys()) if (!keys.includes(key)) this.#wanted.delete(key)
  }

  /** Asks the router what it has, and gives it what it lacks: it may have restarted, or lost its disk. */
  async check(signal: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      this.#present = await this.#ask(signal)
      await this.#publish(signal)
    })
  }

  /** Waits until copies have no request in flight, at most `waitMs`; then closes their tunnels. */
  async drain(names: readonly string[], waitMs: number, signal: AbortSignal): Promise<void> {
    const idle = async (wait_ms: number, close: boolean): Promise<void> => {
      const body = { instances: [...names], wait_ms, close }
      await call(this.#deps.router, awaitIdle, {
        body,
        signal: within(signal, wait_ms + drainSlackMs),
      })
    }
    await idle(waitMs, false)
    await idle(0, true)
  }

  async #publish(signal: AbortSignal): Promise<void> {
    const { router, nextNumber } = this.#deps
    const present = await this.#look(signal)
    const routes = compose(this.#known, this.#wanted, present)
    if (isSame(routes, present.routes)) return
    const table = { number: await nextNumber(present.number), routes }
    // Until it answers, the router may have the old table or the new one.
    this.#present = null
    const { number } = await call(router, putTable, {
      body: table,
      signal: within(signal, answerMs),
    })
    if (number === table.number) this.#present = table
    else await this.#publish(signal)
  }

  async #look(signal: AbortSignal): Promise<RouteTable> {
    this.#present ??= await this.#ask(signal)
    return this.#present
  }

  #ask(signal: AbortSignal): Promise<RouteTable> {
    return call(this.#deps.router, getTable, { signal: within(signal, answerMs) })
  }

  /** One at a time: tables are composed from what is wanted when their turn comes. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    await mine
  }
}
