import type { Reply } from '#router/proxy/reply.ts'
import type { Rule } from '#router/table/rule.ts'
import { isAllowed } from './allow.ts'
import type { Asked } from './asked.ts'
import { authOf } from './auth.ts'
import { maintenanceOf } from './maintenance.ts'
import { httpsOf, redirectOf } from './redirect.ts'

export type { Asked } from './asked.ts'

/** What is said instead of the app; null: the request may pass. */
export type Judgement = Reply | null | Promise<Reply | null>

const forbidden: Reply = { status: 403, fields: '', body: null, code: null }

/**
 * Judges a request by its rule and the settings of its site: redirects, then who asks, then whether
 * the app is open. A promise only while a password that was not seen before is checked.
 */
export function judge(rule: Rule, asked: Asked): Judgement {
  const { site } = rule
  const early = redirectOf(rule, asked) ?? httpsOf(site, asked)
  if (early !== null) return early
  if (!isAllowed(site.settings, asked.address)) return forbidden
  const refusal = authOf(site, asked)
  if (refusal instanceof Promise) return refusal.then((reply) => reply ?? maintenanceOf(site))
  return refusal ?? maintenanceOf(site)
}
