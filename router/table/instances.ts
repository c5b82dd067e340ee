import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteInstance } from '#contract/route.ts'
import { Instance } from './instance.ts'
import type { Site } from './site.ts'

/** For what, and for how long at most. */
export interface Idleness {
  readonly waitMs: number
  /** Upgraded connections count as well as requests. */
  readonly tunnels?: boolean | undefined
}

/** The instances that the table, or requests still under way, need; each by its id. */
export class Instances {
  readonly #routed = new Map<string, Instance>()
  // Left out of the table, with requests or tunnels still under way.
  readonly #retired = new Set<Instance>()

  /** An instance stays the same from table to table; at another address it is another one. */
  adopt(wanted: RouteInstance, site: Site): Instance {
    const known = this.#routed.get(wanted.id)
    if (known !== undefined && known.site === site && isSame(known, wanted)) return known
    const instance = new Instance(wanted, site)
    this.#routed.set(wanted.id, instance)
    return instance
  }

  retire(instance: Instance): void {
    if (this.#routed.get(instance.id) === instance) this.#routed.delete(instance.id)
    instance.retire()
    if (!instance.isForgettable) this.#retired.add(instance)
  }

  /**
   * Waits until none of these instances has a request under way. Returns the ids of those that still
   * have one.
   */
  async awaitIdle(
    ids: readonly string[],
    { waitMs, tunnels = false }: Idleness,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const instances = this.#known(ids)
    const done = new AbortController()
    const late = sleep(waitMs, undefined, { signal: AbortSignal.any([done.signal, signal]) })
    const idle = Promise.all(instances.map((instance) => instance.untilIdle(tunnels)))
    await Promise.race([idle, late.catch(() => undefined)])
    done.abort()
    this.forget()
    const busy = instances.filter((instance) => !instance.isIdle(tunnels))
    return [...new Set(busy.map(({ id }) => id))]
  }

  /** Ends the upgraded connections through these instances. */
  closeTunnels(ids: readonly string[]): void {
    for (const instance of this.#known(ids)) instance.closeTunnels()
  }

  /** Lets go of what has nothing under way any more. */
  forget(): void {
    for (const instance of this.#retired) {
      if (instance.isForgettable) this.#retired.delete(instance)
    }
  }

  #known(ids: readonly string[]): Instance[] {
    const routed = ids.flatMap((id) => this.#routed.get(id) ?? [])
    return [...routed, ...[...this.#retired].filter(({ id }) => ids.includes(id))]
  }
}

function isSame(known: Instance, wanted: RouteInstance): boolean {
  const { release, host, port } = known
  return release === wanted.release && host === wanted.host && port === wanted.port
}
