import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteInstance, RouteTable } from '#contract/route.ts'
import { Target } from './balance.ts'
import { Instance } from './instance.ts'

/** The table before anybody sent one. */
const emptyTable: RouteTable = { number: 0, routes: [] }

/** The table in force, and the instances that it or requests still under way need. */
export class Routes {
  #table = emptyTable
  #targets: ReadonlyMap<string, Target> = new Map()
  #instances: ReadonlyMap<string, Instance> = new Map()
  // Left out of the table, with requests or tunnels still under way.
  #retired = new Set<Instance>()

  get table(): RouteTable {
    return this.#table
  }

  /** The instances of a host name (any case, without port); undefined: no such host. */
  find(host: string): Target | undefined {
    return this.#targets.get(host) ?? this.#targets.get(host.toLowerCase().replace(/\.$/, ''))
  }

  /**
   * Puts a table in force, unless its number is not above that of the present one.
   *
   * Instances it leaves out get no new request from here on. Returns whether it is in force.
   */
  replace(table: RouteTable): boolean {
    if (table.number <= this.#table.number) return false
    const instances = new Map<string, Instance>()
    const targets = new Map<string, Target>()
    for (const route of table.routes) {
      const known = route.instances.map((wanted) => this.#adopt(wanted, instances))
      targets.set(route.host, new Target(known))
    }
    const before = this.#instances
    this.#table = table
    this.#targets = targets
    this.#instances = instances
    for (const old of before.values()) if (instances.get(old.id) !== old) this.#retire(old)
    return true
  }

  /**
   * Waits until none of these instances has a request under way, at most `waitMs`. Returns the ids
   * of those that still have one.
   */
  async awaitIdle(
    ids: readonly string[],
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const instances = this.#known(ids)
    const done = new AbortController()
    const late = sleep(waitMs, undefined, { signal: AbortSignal.any([done.signal, signal]) })
    const idle = Promise.all(instances.map((instance) => instance.untilIdle()))
    await Promise.race([idle, late.catch(() => undefined)])
    done.abort()
    this.#forget()
    const busy = instances.filter((instance) => instance.inFlight > 0)
    return [...new Set(busy.map(({ id }) => id))]
  }

  /** Ends the upgraded connections through these instances. */
  closeTunnels(ids: readonly string[]): void {
    for (const instance of this.#known(ids)) instance.closeTunnels()
  }

  /** One instance may stand behind several hosts, and stays the same from table to table. */
  #adopt(wanted: RouteInstance, taken: Map<string, Instance>): Instance {
    const known = taken.get(wanted.id) ?? this.#instances.get(wanted.id)
    const isSame = known?.host === wanted.host && known.port === wanted.port
    const instance =
      known !== undefined && isSame ? known : new Instance(wanted.id, wanted.host, wanted.port)
    taken.set(wanted.id, instance)
    return instance
  }

  #retire(instance: Instance): void {
    instance.retire()
    this.#forget()
    if (!instance.isForgettable) this.#retired.add(instance)
  }

  #forget(): void {
    for (const instance of this.#retired) {
      if (instance.isForgettable) this.#retired.delete(instance)
    }
  }

  #known(ids: readonly string[]): Instance[] {
    const all = [...this.#instances.values(), ...this.#retired]
    return all.filter(({ id }) => ids.includes(id))
  }
}
