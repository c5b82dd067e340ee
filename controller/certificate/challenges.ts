import { call } from '#contract/call.ts'
import type { Peer } from '#contract/call.ts'
import { putChallenges } from '#contract/certificate.ts'
import type { HttpChallenge, TlsChallenge } from '#contract/certificate.ts'

const answerMs = 10_000

/** What the router is to answer to those who ask whether a host is ours, and for how long. */
export class Challenges {
  readonly #router: Peer
  readonly #http = new Set<HttpChallenge>()
  readonly #tls = new Set<TlsChallenge>()
  #turn: Promise<void> = Promise.resolve()

  constructor(router: Peer) {
    this.#router = router
  }

  /** The router answers it when this returns; what it gives back ends that. */
  http(challenge: HttpChallenge, signal: AbortSignal): Promise<() => Promise<void>> {
    return this.#answer(this.#http, challenge, signal)
  }

  tls(challenge: TlsChallenge, signal: AbortSignal): Promise<() => Promise<void>> {
    return this.#answer(this.#tls, challenge, signal)
  }

  async #answer<T>(all: Set<T>, one: T, signal: AbortSignal): Promise<() => Promise<void>> {
    const end = async (): Promise<void> => {
      all.delete(one)
      // What the router goes on to answer does no harm, and the next put ends it.
      await this.#put(AbortSignal.timeout(answerMs)).catch(() => undefined)
    }
    all.add(one)
    try {
      await this.#put(signal)
      return end
    } catch (error) {
      all.delete(one)
      throw error
    }
  }

  /** One at a time, each with all there are then. */
  async #put(signal: AbortSignal): Promise<void> {
    const mine = this.#turn.then(async () => {
      const body = { http: [...this.#http], tls: [...this.#tls] }
      const late = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
      await call(this.#router, putChallenges, { body, signal: late })
    })
    this.#turn = mine.catch(() => undefined)
    await mine
  }
}
