import type { Reply } from '#router/proxy/reply.ts'
import type { Rule } from '#router/table/rule.ts'
import type { Asked } from './asked.ts'
import { restOf } from './strip.ts'

/** A rule that leads elsewhere: its path is replaced, what follows is kept. */
export function redirectOf(rule: Rule, { target }: Asked): Reply | null {
  if (rule.redirect === null) return null
  const { to, status } = rule.redirect
  return redirectTo(joined(to, restOf(rule, target)), status)
}

/** The same address over TLS, on its usual port. A method other than GET and HEAD must stay. */
export function httpsOf({ settings }: Rule['site'], asked: Asked): Reply | null {
  if (settings.https !== true || asked.isSecure) return null
  const mayChangeMethod = asked.method === 'GET' || asked.method === 'HEAD'
  const target = asked.target.startsWith('/') ? asked.target : '/'
  return redirectTo(`https://${asked.host}${target}`, mayChangeMethod ? 301 : 308)
}

/**
 * Exactly one slash where the two meet: with two of them (a backslash is one to browsers), a path
 * would be read as another host.
 */
function joined(to: string, rest: string): string {
  const inner = rest.replace(/^[/\\]+/, '')
  const isPathAhead = inner.length < rest.length
  if (!isPathAhead || to.endsWith('/')) return to + inner
  return inner === '' ? to : `${to}/${inner}`
}

function redirectTo(location: string, status: number): Reply {
  return { status, fields: `Location: ${location}\r\n`, body: null, code: null }
}
