import { isDeepStrictEqual } from 'node:util'
import { siteKey } from '#contract/route.ts'
import type {
  RouteInstance,
  RouteRule,
  RouteSite,
  RouteTable,
  RulePlace,
  TableChange,
} from '#contract/route.ts'
import type { Offer } from './route-table.ts'

/** What leads from one table to the next. */
export type Steps = Omit<TableChange, 'after' | 'number'>

/** A table of the router, by environment, so that one of very many is looked at alone. */
export class Routed {
  number: number
  readonly #sites = new Map<string, RouteSite>()
  readonly #rules = new Map<string, RouteRule>()
  /** The places of each environment's rules. */
  readonly #places = new Map<string, Set<string>>()

  constructor({ number, sites, rules }: RouteTable) {
    this.number = number
    this.apply({ sites, rules, gone_sites: [], gone_rules: [] })
  }

  get keys(): Iterable<string> {
    return this.#sites.keys()
  }

  instances(key: string): readonly RouteInstance[] {
    return this.#sites.get(key)?.instances ?? []
  }

  /** What these environments lack, or have too much; undefined stands for one that is no more. */
  stepsTo(wanted: ReadonlyMap<string, Offer | undefined>): Steps {
    const all = [...wanted].map(([key, offer]) => this.#stepsOf(key, offer))
    const rules = all.flatMap((one) => one.rules)
    const taken = new Set(rules.map(placeOf))
    return {
      sites: all.flatMap((one) => one.sites),
      rules,
      gone_sites: all.flatMap((one) => one.gone_sites),
      // What one lets go of another may take in the same step.
      gone_rules: all.flatMap((one) => one.gone_rules).filter((one) => !taken.has(placeOf(one))),
    }
  }

  apply({ sites, rules, gone_sites, gone_rules }: Steps): void {
    for (const site of sites) this.#sites.set(siteKey(site), site)
    for (const rule of [...gone_rules, ...rules]) this.#drop(placeOf(rule))
    for (const rule of rules) this.#put(rule)
    for (const key of gone_sites) this.#sites.delete(key)
  }

  #stepsOf(key: string, offer: Offer | undefined): Steps {
    const rules = offer?.rules ?? []
    const kept = new Set(rules.map(placeOf))
    const lost = [...(this.#places.get(key) ?? [])].filter((place) => !kept.has(place))
    const known = this.#sites.get(key)
    return {
      sites: offer === undefined || isSame(offer.site, known) ? [] : [offer.site],
      rules: rules.filter((rule) => !isSame(rule, this.#rules.get(placeOf(rule)))),
      gone_sites: offer === undefined && known !== undefined ? [key] : [],
      gone_rules: lost.flatMap((place) => pointAt(this.#rules.get(place))),
    }
  }

  #put(rule: RouteRule): void {
    const place = placeOf(rule)
    const places = this.#places.get(rule.site) ?? new Set()
    this.#rules.set(place, rule)
    this.#places.set(rule.site, places.add(place))
  }

  #drop(place: string): void {
    const site = this.#rules.get(place)?.site ?? ''
    const places = this.#places.get(site)
    this.#rules.delete(place)
    places?.delete(place)
    if (places?.size === 0) this.#places.delete(site)
  }
}

export function isEmpty(steps: Steps): boolean {
  return Object.values(steps).every((list) => list.length === 0)
}

/** Host and path as one word; no host has a slash. */
function placeOf({ host, path = '/' }: RulePlace): string {
  return host + path
}

function pointAt(rule: RouteRule | undefined): RulePlace[] {
  if (rule === undefined) return []
  return [rule.path === undefined ? { host: rule.host } : { host: rule.host, path: rule.path }]
}

/** Whatever the order of keys the router answers in, and whether it leaves out what is usual. */
function isSame(a: object, b: object | undefined): boolean {
  return b !== undefined && isDeepStrictEqual(usual(a), usual(b))
}

function usual(value: object): object {
  return { path: '/', strip: false, ...value }
}
