import type { Rule } from '#router/table/rule.ts'

/** What follows the path of a rule in a target that it covers: `/b?q` of `/a/b?q` for `/a`. */
export function restOf(rule: Rule, target: string): string {
  if (rule.path === '/') return target.startsWith('/') ? target : '/'
  return target.slice(rule.path.length)
}

/** The target an app sees behind a rule that strips its path: `/b?q` of `/a/b?q`, `/?q` of `/a?q`. */
export function strippedTarget(rule: Rule, target: string): string {
  if (rule.path === '/') return target
  // Two slashes ahead would be read as a host by some.
  return `/${restOf(rule, target).replace(/^\/+/, '')}`
}
