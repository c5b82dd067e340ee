import { addressKey } from '#router/proxy/shares.ts'
import type { Bucket } from './bucket.ts'
import { addressResetBucket } from './limits.ts'

const firstMs = 10_000
const longestMs = 600_000
const mostAddresses = 10_000

interface Standing {
  readonly resets: Bucket
  /** Until when it has to do without HTTP/2, and for how long that was. */
  until: number
  banMs: number
}

/**
 * How addresses behave over all their sessions. One whose session was ended for what it wasted gets
 * HTTP/1.1 only for a while, each time longer: coming back would otherwise undo every limit of a
 * session. Times are milliseconds of `performance.now()`.
 */
export class Conduct {
  readonly #standings = new Map<string, Standing>()

  mayOpen(address: string, now: number): boolean {
    const standing = this.#standings.get(addressKey(address))
    return standing === undefined || standing.until <= now
  }

  /** `count` streams of `address` were reset, or something as dear happened; false: that was too much. */
  takeResets(address: string, count: number, now: number): boolean {
    return this.#of(address).resets.take(now, count)
  }

  /** A session of `address` was ended. What ends at the same time counts once. */
  ban(address: string, now: number): void {
    const standing = this.#of(address)
    if (standing.until > now) return
    const isAgain = now - standing.until < longestMs
    standing.banMs = isAgain ? Math.min(2 * standing.banMs, longestMs) : firstMs
    standing.until = now + standing.banMs
  }

  #of(address: string): Standing {
    const key = addressKey(address)
    const known = this.#standings.get(key)
    if (known !== undefined) return known
    const standing = { resets: addressResetBucket(), until: -longestMs, banMs: firstMs }
    this.#standings.set(key, standing)
    // The one that is known longest makes room.
    if (this.#standings.size > mostAddresses) {
      for (const oldest of this.#standings.keys()) {
        this.#standings.delete(oldest)
        break
      }
    }
    return standing
  }
}
