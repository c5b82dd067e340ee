import type { RulePlace } from '#contract/route.ts'
import type { Rule } from './rule.ts'

/** The rules by host; those of one host are a chain, the longest path first. */
export class RuleMap {
  readonly #exact = new Map<string, Rule>()
  /** By what follows the asterisk: `.example.org`. */
  readonly #wildcards = new Map<string, Rule>()

  /**
   * The rule for a host name (any case, without port) and a path. The exact host comes first, then
   * the wildcard; of each, the longest path.
   */
  find(host: string, path: string): Rule | undefined {
    const first = this.#exact.get(host)
    return (first && firstOf(first, path)) ?? this.#findOther(host, path)
  }

  /** The rule of exactly this host and path. */
  at({ host, path = '/' }: RulePlace): Rule | undefined {
    const { map, key } = this.#placeOf(host)
    for (let rule = map.get(key) ?? null; rule !== null; rule = rule.next) {
      if (rule.path === path) return rule
    }
    return undefined
  }

  /** Takes the place of the rule for the same host and path. */
  put(rule: Rule): void {
    this.remove(rule)
    const { map, key } = this.#placeOf(rule.host)
    const first = map.get(key) ?? null
    let before: Rule | null = null
    let after = first
    while (after !== null && after.path.length > rule.path.length) {
      before = after
      after = after.next
    }
    rule.next = after
    if (before === null) map.set(key, rule)
    else before.next = rule
    rule.site.ruleCount += 1
  }

  remove(place: RulePlace): void {
    const rule = this.at(place)
    if (rule === undefined) return
    const { map, key } = this.#placeOf(rule.host)
    const first = map.get(key)
    if (first !== rule) before(first as Rule, rule).next = rule.next
    else if (rule.next === null) map.delete(key)
    else map.set(key, rule.next)
    rule.site.ruleCount -= 1
  }

  *[Symbol.iterator](): Generator<Rule> {
    for (const map of [this.#exact, this.#wildcards])
      for (const first of map.values())
        for (let rule: Rule | null = first; rule !== null; rule = rule.next) yield rule
  }

  #findOther(asked: string, path: string): Rule | undefined {
    const host = asked.toLowerCase().replace(/\.$/, '')
    const first = this.#exact.get(host)
    const exact = first && firstOf(first, path)
    if (exact !== undefined || this.#wildcards.size === 0) return exact
    const dot = host.indexOf('.')
    const wildcard = dot > 0 ? this.#wildcards.get(host.slice(dot)) : undefined
    return wildcard && firstOf(wildcard, path)
  }

  #placeOf(host: string): { readonly map: Map<string, Rule>; readonly key: string } {
    return host.startsWith('*.')
      ? { map: this.#wildcards, key: host.slice(1) }
      : { map: this.#exact, key: host }
  }
}

function firstOf(first: Rule, path: string): Rule | undefined {
  for (let rule: Rule | null = first; rule !== null; rule = rule.next) {
    if (rule.covers(path)) return rule
  }
  return undefined
}

function before(first: Rule, rule: Rule): Rule {
  let one = first
  while (one.next !== rule) one = one.next as Rule
  return one
}
