import type { WhyInstead } from '#contract/route.ts'
import type { Reply } from '#router/proxy/reply.ts'
import { isAllowed } from '#router/rules/allow.ts'
import type { Asked } from '#router/rules/asked.ts'
import { maintenanceOf } from '#router/rules/maintenance.ts'
import { httpsOf, redirectOf } from '#router/rules/redirect.ts'
import type { Rule } from '#router/table/rule.ts'
import type { Imagined } from './question.ts'

/** What would be said instead of the app, in the order of `judge`; undefined: an instance is asked. */
export function insteadOf(rule: Rule | undefined, imagined: Imagined): WhyInstead | undefined {
  if (rule === undefined) return { status: 404, reason: 'no_rule' }
  const { site } = rule
  const asked = askedOf(imagined)
  const redirect = redirectOf(rule, asked)
  if (redirect !== null) return told(redirect, 'redirect')
  const https = httpsOf(site, asked)
  if (https !== null) return told(https, 'https')
  const { address } = imagined
  if (address !== null && !isAllowed(site.settings, address))
    return { status: 403, reason: 'allow' }
  // Whoever names a user and the password gets past this; the question names nobody.
  if (site.settings.auth !== undefined) return { status: 401, reason: 'auth' }
  const maintenance = maintenanceOf(site)
  if (maintenance !== null) return told(maintenance, 'maintenance')
  if (site.instances.length === 0) return { status: 503, reason: 'no_instance', code: 'H14' }
  return site.peek() === undefined ? { status: 503, reason: 'full', code: 'H11' } : undefined
}

function askedOf({ address, ...rest }: Imagined): Asked {
  return { ...rest, address: address ?? '', field: () => null }
}

function told({ status, fields, code }: Reply, reason: WhyInstead['reason']): WhyInstead {
  const location = /^Location: (.*)\r$/m.exec(fields)?.[1]
  return {
    status,
    reason,
    ...(code === null ? {} : { code }),
    ...(location === undefined ? {} : { location }),
  }
}
