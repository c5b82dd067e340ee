import { randomBytes } from 'node:crypto'

/**
 * Secrets that stand for a right to one thing, for a while: the last part of a URL that needs no
 * token. They live in memory: after a restart clients ask for a new one.
 */
export class Capabilities<T> {
  readonly #ttlMs: number
  readonly #now: () => Date
  readonly #granted = new Map<string, { readonly to: T; readonly untilMs: number }>()

  constructor({ ttlMs, now }: { ttlMs: number; now: () => Date }) {
    this.#ttlMs = ttlMs
    this.#now = now
  }

  /** A secret of 32 random bytes, fit for a URL. */
  grant(to: T): string {
    this.#forgetExpired()
    const secret = randomBytes(32).toString('base64url')
    this.#granted.set(secret, { to, untilMs: this.#now().getTime() + this.#ttlMs })
    return secret
  }

  /** What the secret stands for; undefined when it was never granted or has expired. */
  find(secret: string): T | undefined {
    this.#forgetExpired()
    return this.#granted.get(secret)?.to
  }

  /** Like `find`, and the secret is used up. */
  take(secret: string): T | undefined {
    const to = this.find(secret)
    this.#granted.delete(secret)
    return to
  }

  /** All have the same time to live, so the oldest expire first. */
  #forgetExpired(): void {
    const nowMs = this.#now().getTime()
    for (const [secret, { untilMs }] of this.#granted) {
      if (untilMs > nowMs) return
      this.#granted.delete(secret)
    }
  }
}
