import { siteKey } from '#contract/route.ts'
import type { RouteRule, RouteSite, RouteTable, TableChange } from '#contract/route.ts'
import { Instances } from './instances.ts'
import type { Idleness } from './instances.ts'
import { Rule } from './rule.ts'
import { RuleMap } from './rule-map.ts'
import { noSettings, Site } from './site.ts'

/** Part of a table. */
export type TablePart = Pick<RouteTable, 'sites' | 'rules'>

/** The table in force, as requests need it. What came is not kept besides: it is told from this. */
export class Routes {
  #number = 0
  #sites = new Map<string, Site>()
  #rules = new RuleMap()
  readonly #instances = new Instances()

  get number(): number {
    return this.#number
  }

  get siteCount(): number {
    return this.#sites.size
  }

  /** Undefined: no rule is for this host (any case, without port) and path (a query may follow). */
  find(host: string, path: string): Rule | undefined {
    return this.#rules.find(host, path)
  }

  /** The rule of exactly this host and path, see RouteRule. */
  ruleAt(host: string, path?: string): Rule | undefined {
    return this.#rules.at(path === undefined ? { host } : { host, path })
  }

  site(key: string): Site | undefined {
    return this.#sites.get(key)
  }

  sites(): Iterable<Site> {
    return this.#sites.values()
  }

  rules(): Iterable<Rule> {
    return this.#rules
  }

  /** The whole table, made anew. */
  get table(): RouteTable {
    const sites = Array.from(this.sites(), (site) => site.toRoute())
    return { number: this.#number, sites, rules: Array.from(this.#rules, (rule) => rule.toRoute()) }
  }

  /**
   * The whole table in parts of so many entries, sites first. Each is made when it is asked for, and
   * may know of changes made since, but of no other table.
   */
  parts(size: number): Iterable<TablePart> {
    return partsOf(this.#sites.values(), this.#rules, size)
  }

  /**
   * Puts a table in force, unless its number is not above that of the present one.
   *
   * Instances it leaves out get no new request from here on. Returns whether it is in force.
   */
  replace(table: RouteTable): boolean {
    if (table.number <= this.#number) return false
    const before = this.#sites
    this.#sites = new Map()
    this.#rules = new RuleMap()
    this.#number = table.number
    for (const old of before.values()) old.ruleCount = 0
    for (const one of table.sites) this.#putSite(one, before.get(siteKey(one)))
    for (const rule of table.rules) this.#putRule(rule)
    for (const [key, old] of before) if (!this.#sites.has(key)) this.#empty(old)
    this.#instances.forget()
    return true
  }

  /** Adds to the table in force what did not come with it; its number stays. */
  add({ sites, rules }: TablePart): void {
    for (const site of sites) this.#putSite(site, this.#sites.get(siteKey(site)))
    for (const rule of rules) this.#putRule(rule)
  }

  /**
   * Takes the step from one table to the next, all at once; the rest stays as it is. Returns whether
   * it did: the table in force may be another than the one that the change is for.
   *
   * A rule for a site that is not there is left out; `changeFault` tells beforehand.
   */
  change(change: TableChange): boolean {
    if (change.after !== this.#number) return false
    this.#number = change.number
    for (const one of change.sites) this.#putSite(one, this.#sites.get(siteKey(one)))
    for (const place of change.gone_rules) this.#rules.remove(place)
    for (const rule of change.rules) this.#putRule(rule)
    for (const key of change.gone_sites) this.#dropSite(key)
    this.#instances.forget()
    return true
  }

  /** See Instances. */
  awaitIdle(
    ids: readonly string[],
    idleness: Idleness,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return this.#instances.awaitIdle(ids, idleness, signal)
  }

  /** Ends the upgraded connections through these instances. */
  closeTunnels(ids: readonly string[]): void {
    this.#instances.closeTunnels(ids)
  }

  #putSite(wanted: RouteSite, known: Site | undefined): void {
    const site = known ?? new Site(wanted)
    this.#sites.set(site.key, site)
    const { settings = noSettings } = wanted
    const instances = wanted.instances.map((one) => this.#instances.adopt(one, site))
    const isSame = sameItems(instances, site.instances) && isAlike(settings, site.settings)
    if (known !== undefined && isSame) return
    const old = site.instances
    site.put(instances, settings)
    for (const one of old) if (!instances.includes(one)) this.#instances.retire(one)
  }

  #putRule(wanted: RouteRule): void {
    const site = this.#sites.get(wanted.site)
    if (site !== undefined) this.#rules.put(new Rule(wanted, site))
  }

  #dropSite(key: string): void {
    const site = this.#sites.get(key)
    this.#sites.delete(key)
    if (site !== undefined) this.#empty(site)
  }

  #empty(site: Site): void {
    const old = site.instances
    site.put([], noSettings)
    for (const one of old) this.#instances.retire(one)
  }
}

function* partsOf(
  sites: Iterable<Site>,
  rules: Iterable<Rule>,
  size: number,
): Generator<TablePart> {
  for (const some of batches(sites, size))
    yield { sites: some.map((site) => site.toRoute()), rules: [] }
  for (const some of batches(rules, size))
    yield { sites: [], rules: some.map((rule) => rule.toRoute()) }
}

function* batches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = []
  for (const item of items) {
    if (batch.push(item) < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

function isAlike(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
