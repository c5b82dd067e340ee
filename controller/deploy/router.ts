import { call } from '#contract/call.ts'
import type { Peer } from '#contract/call.ts'
import { failure, SlipwayError } from '#contract/error.ts'
import type { ErrorCode } from '#contract/error.ts'
import { awaitIdle, changeTable, getTable, getTableNumber } from '#contract/route.ts'
import type { RouteInstance } from '#contract/route.ts'
import type { Offer } from './route-table.ts'
import { isEmpty, Routed } from './routed.ts'
import type { Steps } from './routed.ts'
import { within } from './within.ts'

export interface RouterDeps {
  readonly router: Peer
  /** A number that was never given out and is above `floor`; durable before it is answered. */
  readonly nextNumber: (floor: number) => Promise<number>
}

/** A router that does not answer in this time is taken for down; its whole table may be large. */
const answerMs = 3000
const wholeMs = 15_000
/** Environments to a change. */
const batchSize = 200
/** The router had another table than we knew: once is a restart of its, more often a second controller. */
const refusalsLimit = 3
/** On top of what we ask it to wait for. */
const drainSlackMs = 2000

/** Keeps the router's table what all environments together want, one change at a time. */
export class RouterKeeper {
  readonly #deps: RouterDeps
  /** What environments want; one that has not said so yet keeps what the router has of it. */
  readonly #wanted = new Map<string, Offer>()
  /** Environments whose part of the table may not be what they want. */
  readonly #open = new Set<string>()
  #known: ReadonlySet<string> = new Set()
  /** Null: not known. */
  #routed: Routed | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: RouterDeps) {
    this.#deps = deps
  }

  /** What the router has of an environment; null when it has not answered yet. */
  routed(key: string): readonly RouteInstance[] | null {
    return this.#routed?.instances(key) ?? null
  }

  /** Says what one environment wants, and returns when the router has it. Throws when it is down. */
  async put(key: string, offer: Offer, signal: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.#wanted.get(key)
      this.#want(key, offer)
      try {
        await this.#publish(signal)
      } catch (error) {
        // What the router refuses must not be in the way of others.
        if (isFailure(error, 'INVALID_PARAMS')) this.#want(key, before)
        throw error
      }
    })
  }

  /** Asks the router what it has, if that is not known. */
  async learn(signal: AbortSignal): Promise<void> {
    if (this.#routed !== null) return
    await this.#inTurn(async () => void (await this.#look(signal)))
  }

  /** Names all environments there are, before any of them puts; routes of others go away. */
  know(keys: readonly string[]): void {
    this.#known = new Set(keys)
    for (const key of this.#wanted.keys()) if (!this.#known.has(key)) this.#wanted.delete(key)
    this.#openGone()
  }

  /** Asks the router what it has, and gives it what it lacks: it may have restarted, or lost its disk. */
  async check(signal: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      const { number } = await call(this.#deps.router, getTableNumber, {
        signal: within(signal, answerMs),
      })
      if (number !== this.#routed?.number) this.#routed = null
      await this.#publish(signal)
    })
  }

  /** Waits until copies have no request and no tunnel, at most `waitMs`; then closes the tunnels left. */
  async drain(names: readonly string[], waitMs: number, signal: AbortSignal): Promise<void> {
    const idle = async (wait_ms: number, close: boolean): Promise<void> => {
      const body = { instances: [...names], wait_ms, close, tunnels: !close }
      await call(this.#deps.router, awaitIdle, {
        body,
        signal: within(signal, wait_ms + drainSlackMs),
      })
    }
    await idle(waitMs, false)
    await idle(0, true)
  }

  #want(key: string, offer: Offer | undefined): void {
    if (offer === undefined) this.#wanted.delete(key)
    else this.#wanted.set(key, offer)
    this.#open.add(key)
  }

  /** Some environments at a time: what the router reads at once, its requests wait for. */
  async #publish(signal: AbortSignal): Promise<void> {
    let refusals = 0
    await this.#look(signal)
    while (this.#open.size > 0) {
      const routed = await this.#look(signal)
      const keys = [...this.#open].slice(0, batchSize)
      const steps = routed.stepsTo(new Map(this.#offersOf(keys)))
      if (isEmpty(steps) || (await this.#send(routed, steps, signal))) {
        for (const key of keys) this.#open.delete(key)
      } else if ((refusals += 1) > refusalsLimit) {
        throw failure('UNAVAILABLE', {
          program: 'router',
          reason: 'somebody else changes its table',
        })
      }
    }
  }

  /** Environments that are no more want nothing; those that have not said what, are left alone. */
  *#offersOf(keys: readonly string[]): Generator<readonly [string, Offer | undefined]> {
    for (const key of keys) {
      const offer = this.#wanted.get(key)
      if (offer !== undefined || !this.#known.has(key)) yield [key, offer]
    }
  }

  /** False: the router has another table than we thought, and must be asked for it. */
  async #send(routed: Routed, steps: Steps, signal: AbortSignal): Promise<boolean> {
    const { router, nextNumber } = this.#deps
    const { number: after } = routed
    const number = await nextNumber(after)
    // Until it answers, the router may have the old table or the new one.
    this.#routed = null
    try {
      const body = { after, number, ...steps }
      await call(router, changeTable, { body, signal: within(signal, answerMs) })
    } catch (error) {
      if (isFailure(error, 'TABLE_STALE')) return false
      if (isFailure(error, 'INVALID_PARAMS')) this.#routed = routed
      throw error
    }
    routed.apply(steps)
    routed.number = number
    this.#routed = routed
    return true
  }

  /** What is learnt anew is compared with all that is wanted. */
  async #look(signal: AbortSignal): Promise<Routed> {
    if (this.#routed !== null) return this.#routed
    const { router } = this.#deps
    const table = await call(router, getTable, { signal: within(signal, wholeMs) })
    this.#routed = new Routed(table)
    for (const key of this.#wanted.keys()) this.#open.add(key)
    this.#openGone()
    return this.#routed
  }

  #openGone(): void {
    for (const key of this.#routed?.keys ?? []) if (!this.#known.has(key)) this.#open.add(key)
  }

  /** One at a time: changes are made from what is wanted when their turn comes. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    await mine
  }
}

function isFailure(error: unknown, code: ErrorCode): boolean {
  return error instanceof SlipwayError && error.code === code
}
