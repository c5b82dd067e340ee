import type { ReplyOf } from '#contract/endpoint.ts'
import type { Call } from '#router/admin/calls.ts'
import type { Admin } from '#router/admin/server.ts'
import type { Routes } from '#router/table/routes.ts'
import type { LastCounts } from '#router/watch/last-counts.ts'
import { stepAside } from './endpoints.ts'
import type { Known } from './known.ts'
import { Sibling } from './sibling.ts'

export interface LeavingDeps {
  /** What the controller may ask. */
  readonly calls: readonly Call[]
  readonly token: string
  /** Listens where one that drains is asked. */
  readonly openSocket: () => Promise<Admin>
  readonly routes: Routes
  /** Writes nothing from here on, and returns when nothing is being written any more. */
  readonly rest: () => Promise<void>
  /** What this one was told that is on no disk. */
  readonly known: () => readonly Known[]
  /** Takes no more connections, in this very turn; gives who else drains, see `Left`. */
  readonly onLeave: () => readonly number[]
  /** Leaves what it counted to the other one. */
  readonly lastCounts: Pick<LastCounts, 'tell'>
}

/**
 * How the router in service makes way for another one.
 *
 * What the controller still asks it then, on a connection that it had accepted, is handed on to the
 * other one, which is the only one that decides, and asks back what this one has.
 */
export class Leaving {
  readonly calls: readonly Call[]
  /** Where the controller asks; set once that is open. */
  admin: Admin | null = null
  readonly #deps: LeavingDeps
  #own: Admin | null = null
  #hasLeft = false

  constructor(deps: LeavingDeps) {
    this.#deps = deps
    const step: Call = { endpoint: stepAside, answer: (_, signal) => this.#step(signal) }
    this.calls = [...deps.calls.map((call) => this.#whileHere(call)), step]
  }

  async close(): Promise<void> {
    if (this.#own === null) return
    await this.#deps.lastCounts.tell()
    await this.#own.close()
  }

  #whileHere({ endpoint, answer }: Call): Call {
    return {
      endpoint,
      answer: (body, signal) =>
        this.#hasLeft ? this.#next.ask(endpoint, body, signal) : answer(body, signal),
    }
  }

  get #next(): Sibling {
    return new Sibling({ url: `http://127.0.0.1:${this.admin?.port}` }, this.#deps.token)
  }

  async #step(signal: AbortSignal): Promise<ReplyOf<typeof stepAside>> {
    const { openSocket, rest, routes, known, onLeave } = this.#deps
    this.#own ??= await openSocket()
    // Who asked has died meanwhile: then this one stays in service.
    signal.throwIfAborted()
    await rest()
    this.#hasLeft = true
    this.admin?.leave()
    const draining = [...onLeave()]
    return { pid: process.pid, number: routes.number, draining, known: [...known()] }
  }
}
