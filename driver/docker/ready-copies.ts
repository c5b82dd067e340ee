import { openTurns } from '#lib/turns.ts'
import type { CopySpec } from '#driver/driver.ts'
import { inspectContainer } from './container.ts'
import { imageDigest } from './image.ts'
import { findNetwork } from './network.ts'
import type { Site } from './site.ts'
import { listWaiting, removeWaiter } from './waiting.ts'
import { becomeCopy, makeWaiting, type WaitingCopy } from './waiting-copy.ts'

/** Each takes some memory of the host, so they are kept for what is being worked on. */
const keptCopies = 8
const keptMs = 3_600_000

/** A copy that was started lately. */
interface Recent {
  readonly spec: CopySpec
  readonly shape: string
  readonly atMs: number
}

interface Ready extends WaitingCopy {
  readonly shape: string
}

/**
 * Containers that wait in their environment's network to become the next copy of what ran last. What
 * is known of them here is of this process alone; any other that waits is swept with the next refill.
 */
export class ReadyCopies {
  readonly #site: Site
  /** By place, the one started last at the end. */
  readonly #recent = new Map<string, Recent>()
  readonly #waiting = new Map<string, Ready>()
  /** Names of those that are just becoming a copy. */
  readonly #leaving = new Set<string>()
  readonly #takeTurn = openTurns()

  constructor(site: Site) {
    this.#site = site
  }

  /** Whether a waiting container has become this copy; if not, nothing has happened. */
  async become(spec: CopySpec, signal: AbortSignal): Promise<boolean> {
    const { artifact } = spec
    if (artifact.kind !== 'tree' || oneOffs.has(spec.type)) return false
    const [shape, present] = await Promise.all([
      shapeOf(this.#site, spec, signal),
      inspectContainer(this.#site, spec.name, signal),
    ])
    const one = present === null ? this.#take(placeOf(spec), shape) : null
    this.#remember(spec, shape)
    if (one === null) return false
    this.#leaving.add(one.name)
    try {
      await becomeCopy(this.#site, one, spec, artifact.layers, signal)
      return true
    } catch (error) {
      signal.throwIfAborted()
      const reason = String(error)
      this.#site.settings.log.warn('copy.not_ready', { copy: spec.name, reason })
      return false
    } finally {
      this.#leaving.delete(one.name)
    }
  }

  /** Makes one for each of the copies started last, and removes all others that wait. */
  refill(signal: AbortSignal): Promise<void> {
    return this.#takeTurn('refill', async () => {
      await this.#site.firewall.ensure(signal)
      await this.#sweep(signal)
      for (const [place, one] of this.#recent) {
        if (!this.#waiting.has(place)) await this.#make(place, one, signal)
      }
    })
  }

  /** Makes no more for an environment that is going; those there are end, and go with its network. */
  forget(environmentId: string): Promise<void> {
    return this.#takeTurn('refill', async () => {
      for (const place of [...this.#recent.keys(), ...this.#waiting.keys()]) {
        if (!place.startsWith(placesIn(environmentId))) continue
        this.#recent.delete(place)
        this.#drop(place)
      }
    })
  }

  #take(place: string, shape: string): Ready | null {
    const one = this.#waiting.get(place)
    if (one?.shape !== shape) return null
    this.#waiting.delete(place)
    return one
  }

  #remember(spec: CopySpec, shape: string): void {
    const place = placeOf(spec)
    this.#recent.delete(place)
    // What it was started with is its own affair; what it is like may come again.
    this.#recent.set(place, { spec: { ...spec, env: {}, command: null }, shape, atMs: Date.now() })
    for (const old of [...this.#recent.keys()].slice(0, -keptCopies)) this.#recent.delete(old)
  }

  /** It ends by itself when nobody can speak to it any more. */
  #drop(place: string): void {
    this.#waiting.get(place)?.control.close()
    this.#waiting.delete(place)
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const listed = await listWaiting(this.#site, {}, signal)
    this.#review(new Set(listed.flatMap(({ name, isRunning }) => (isRunning ? [name] : []))))
    const kept = new Set([...this.#waiting.values()].map(({ name }) => name))
    for (const waiter of listed) {
      if (kept.has(waiter.name) || this.#leaving.has(waiter.name)) continue
      await removeWaiter(this.#site, waiter, signal)
    }
  }

  /** Drops those that have ended, or that wait for something that will not come. */
  #review(running: ReadonlySet<string>): void {
    for (const [place, { atMs }] of this.#recent) {
      if (Date.now() - atMs > keptMs) this.#recent.delete(place)
    }
    for (const [place, { name, shape }] of this.#waiting) {
      const isWanted = this.#recent.get(place)?.shape === shape
      if (!isWanted || !running.has(name)) this.#drop(place)
    }
  }

  /** Only where a network is: one that is gone was removed with its environment. */
  async #make(place: string, { spec, shape }: Recent, signal: AbortSignal): Promise<void> {
    try {
      const network = await findNetwork(this.#site, spec, signal)
      if (network === null) return void this.#recent.delete(place)
      this.#waiting.set(place, { ...(await makeWaiting(this.#site, spec, network, signal)), shape })
    } catch (error) {
      signal.throwIfAborted()
      this.#recent.delete(place)
      this.#site.settings.log.warn('copy.not_made_ready', { place, reason: String(error) })
    }
  }
}

/** They come once, and are not waited for. */
const oneOffs: ReadonlySet<string> = new Set(['run', 'release'])

/** What a copy is the next one of. */
function placeOf({ owner, type, index }: CopySpec): string {
  return `${placesIn(owner.environmentId)}${type}.${index}`
}

function placesIn(environmentId: string): string {
  return `${environmentId} `
}

/** What a waiting container is made with, and a copy must want, so that it can become it. */
async function shapeOf(site: Site, spec: CopySpec, signal: AbortSignal): Promise<string> {
  const { owner, stackImage, subnet, limits } = spec
  const image = await imageDigest(site, stackImage, signal)
  return JSON.stringify([owner, image, subnet, limits])
}
