import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Verification } from '#contract/build.ts'
import type { VerifyOrder } from '#contract/builder.ts'
import { failure } from '#contract/error.ts'
import { removeLeft } from './build/files.ts'
import type { BuildTools } from './build/request.ts'
import { verifyBuild } from './build/verify.ts'
import { sentenceOf } from './receive/sentence.ts'

const keptMs = 3_600_000
const waitMs = 20_000
/** Each is a whole build, and waits for its turn like one. */
const atOnce = 4

/** Verifications under way, and what those of the last hour came to. */
export class Verifications {
  readonly #tools: BuildTools
  readonly #known = new Map<string, Verification>()
  readonly #apps = new Map<string, string>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #stopped = new AbortController()

  constructor(tools: BuildTools) {
    this.#tools = tools
  }

  /** Removes what a killed builder left of its own. */
  sweep(): Promise<void> {
    const place = join(dirname(this.#tools.places.builds), 'verify')
    return removeLeft(place)
  }

  begin(order: VerifyOrder): string {
    if (this.#running.size >= atOnce) throw failure('TOO_MANY', { seconds: 60 })
    const id = randomUUID()
    this.#apps.set(id, order.checkout.app.id)
    this.#known.set(id, { id, state: 'running', result: null, failure: null })
    const running = this.#run(id, order).finally(() => {
      this.#running.delete(id)
      setTimeout(() => this.#forget(id), keptMs).unref()
    })
    this.#running.set(id, running)
    return id
  }

  /** Waits a while for its end. Throws VERIFICATION_GONE. */
  async follow(app: string, id: string): Promise<Verification> {
    const running = this.#running.get(id)
    if (running !== undefined)
      await Promise.race([running, sleep(waitMs, undefined, { ref: false })])
    const known = this.#known.get(id)
    if (known === undefined || this.#apps.get(id) !== app) throw failure('VERIFICATION_GONE', {})
    return known
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#running.values())
  }

  #forget(id: string): void {
    this.#known.delete(id)
    this.#apps.delete(id)
  }

  async #run(id: string, order: VerifyOrder): Promise<void> {
    try {
      const result = await verifyBuild(order, this.#tools, this.#stopped.signal)
      this.#known.set(id, { id, state: 'done', result, failure: null })
    } catch (error) {
      const { error: message, hint } = sentenceOf(error, this.#tools.log)
      this.#known.set(id, { id, state: 'failed', result: null, failure: { message, hint } })
    }
  }
}
