import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { failure } from '#contract/error.ts'

const labelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const limit = 253
const star = '*.'

/**
 * A host as it is kept and routed: lower case, letters beyond ASCII as punycode, without a dot at the
 * end; `*.example.org` is a wildcard. Throws HOST_INVALID with the reason.
 */
export function readHost(text: string): string {
  const host = normal(text.trim())
  const reason = reasonAgainst(text.trim(), host)
  if (reason !== null) throw failure('HOST_INVALID', { host: text.trim().slice(0, 300), reason })
  return host
}

/** What a wildcard stands below; undefined for a host that is none. */
export function wildcardBase(host: string): string | undefined {
  return host.startsWith(star) ? host.slice(star.length) : undefined
}

/** The wildcard that would cover a host. */
export function wildcardOver(host: string): string {
  return `${star}${host.slice(host.indexOf('.') + 1)}`
}

function normal(text: string): string {
  const name = wildcardBase(text) ?? text
  const ascii = domainToASCII(name.replace(/\.$/, '')).toLowerCase()
  return name === text || ascii === '' ? ascii : `${star}${ascii}`
}

function reasonAgainst(text: string, host: string): string | null {
  if (text === '') return 'it is empty'
  if (/[/:@?#%\s]/.test(text)) return 'it must be the name alone, without scheme, port and path'
  const name = wildcardBase(host) ?? host
  if (name === '') return 'it is not a name that DNS knows'
  if (isIP(name) !== 0) return 'it is an address, not a name'
  if (name.includes('*')) return 'a * can only be the whole first label'
  return reasonInLabels(name.split('.')) ?? (host.length > limit ? 'it is too long' : null)
}

function reasonInLabels(labels: readonly string[]): string | null {
  const wrong = labels.find((label) => !labelPattern.test(label))
  if (wrong !== undefined) return `"${wrong}" is no part of a host name`
  if (labels.length < 2) return 'it has no dot'
  return /^\d+$/.test(labels.at(-1) ?? '') ? 'it ends in a number' : null
}
