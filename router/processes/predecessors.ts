import type { Receipts } from '#router/watch/receipts.ts'
import type { Draining } from './draining.ts'
import { Followed } from './followed.ts'
import type { Asked } from './sibling.ts'

/** Processes that drain, each followed until its socket is gone and its counts are here. */
export class Predecessors {
  readonly #draining: Draining
  readonly #receipts: Receipts
  readonly #followed = new Map<number, Followed>()
  /** Those whose counts we do not have yet. */
  readonly #owing = new Set<number>()
  readonly #left = new AbortController()

  constructor(draining: Draining, receipts: Receipts) {
    this.#draining = draining
    this.#receipts = receipts
  }

  get siblings(): readonly Asked[] {
    // Whose socket is gone may have told counts that we have not read yet.
    const pids = new Set([...this.#draining.pids, ...this.#owing])
    for (const pid of this.#followed.keys()) if (!pids.has(pid)) this.#followed.delete(pid)
    return Array.from(pids, (pid) => this.#followed.get(pid) ?? this.follow(pid))
  }

  follow(pid: number): Followed {
    const one = new Followed(this.#draining.sibling(pid), this.#receipts, this.#left.signal)
    this.#followed.set(pid, one)
    this.#owing.add(pid)
    void one.end.then(() => this.#owing.delete(pid))
    return one
  }

  /** The next router follows from here on those it gives. */
  leave(): readonly number[] {
    const pids = [...this.#owing]
    this.#left.abort()
    return pids
  }
}
