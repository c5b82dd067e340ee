import type { AccountKey } from './account-key.ts'
import { AcmeProblem, problemFrom } from './problem.ts'
import type { ProblemDocument } from './problem.ts'
import { waitOf } from './wait.ts'
import type { Wire, WireAnswer } from './wire.ts'

/** Where an authority takes what (RFC 8555, 7.1.1). */
interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  /** RFC 9773; not every authority has it. */
  readonly renewalInfo?: string
}

export interface AcmeAnswer<T> {
  readonly body: T
  readonly location: string | undefined
  /** How long to wait before asking again, where it says so. */
  readonly waitMs: number | undefined
}

/** Tries of one request, when nonces are refused: an authority may forget them at any time. */
const nonceTries = 10
const nonceStock = 16

/** Speaks with one authority as one account. What it refuses is thrown as AcmeProblem. */
export class AcmeClient {
  readonly #wire: Wire
  readonly #url: string
  readonly key: AccountKey
  #directory: Promise<Directory> | null = null
  /** Nonces that came with answers, to be used once; the newest first. */
  readonly #nonces: string[] = []
  #account: string | null = null

  constructor(wire: Wire, directoryUrl: string, key: AccountKey) {
    this.#wire = wire
    this.#url = directoryUrl
    this.key = key
  }

  /** From now on requests are those of this account. */
  useAccount(url: string): void {
    this.#account = url
  }

  /** Makes an account for the key, or finds the one it has; its URL. */
  async register(email: string, signal: AbortSignal): Promise<string> {
    const { newAccount } = await this.directory(signal)
    const asked = { termsOfServiceAgreed: true, contact: [`mailto:${email}`] }
    // Others may be asking as the account meanwhile.
    const { location } = await this.#send(newAccount, asked, { account: null, signal })
    if (location === undefined) throw new AcmeProblem('malformed', 'its account has no address')
    this.#account = location
    return location
  }

  /** Asked for once; again when that failed. */
  async directory(signal: AbortSignal): Promise<Directory> {
    this.#directory ??= this.get<Directory>(this.#url, signal).then(({ body }) => body)
    try {
      return await this.#directory
    } catch (error) {
      this.#directory = null
      throw error
    }
  }

  /** Asks without saying who we are. */
  async get<T>(url: string, signal: AbortSignal): Promise<AcmeAnswer<T>> {
    return read<T>(await this.#wire.send('GET', url, null, signal))
  }

  /** A signed request; `null` as payload only reads what is there. */
  post<T>(url: string, payload: unknown, signal: AbortSignal): Promise<AcmeAnswer<T>> {
    return this.#send(url, payload, { account: this.#account, signal })
  }

  async #send<T>(
    url: string,
    payload: unknown,
    { account, signal }: { readonly account: string | null; readonly signal: AbortSignal },
  ): Promise<AcmeAnswer<T>> {
    for (let tried = 1; ; tried += 1) {
      const nonce = await this.#takeNonce(signal)
      const body = this.key.seal(payload, { url, nonce, account })
      const answer = await this.#wire.send('POST', url, body, signal)
      this.#keepNonce(answer)
      try {
        return read<T>(answer)
      } catch (error) {
        const isStale = error instanceof AcmeProblem && error.kind === 'badNonce'
        if (!isStale || tried >= nonceTries) throw error
      }
    }
  }

  async #takeNonce(signal: AbortSignal): Promise<string> {
    const kept = this.#nonces.pop()
    if (kept !== undefined) return kept
    const { newNonce } = await this.directory(signal)
    const answer = await this.#wire.send('HEAD', newNonce, null, signal)
    const nonce = answer.header('replay-nonce')
    if (nonce === undefined) throw problemFrom(undefined, answer.status)
    return nonce
  }

  #keepNonce(answer: WireAnswer): void {
    const nonce = answer.header('replay-nonce')
    if (nonce === undefined) return
    this.#nonces.push(nonce)
    if (this.#nonces.length > nonceStock) this.#nonces.shift()
  }
}

function read<T>(answer: WireAnswer): AcmeAnswer<T> {
  const waitMs = waitOf(answer.header('retry-after'))
  const body = bodyOf(answer)
  if (answer.status >= 400 || answer.status < 200) {
    throw problemFrom(body as ProblemDocument | undefined, answer.status, waitMs)
  }
  return { body: body as T, location: answer.header('location'), waitMs }
}

/** JSON as what it says, anything else as text; undefined for what should be JSON and is not. */
function bodyOf(answer: WireAnswer): unknown {
  if (!(answer.header('content-type') ?? '').includes('json')) {
    return answer.status < 400 ? answer.text : undefined
  }
  try {
    return JSON.parse(answer.text)
  } catch {
    return undefined
  }
}
