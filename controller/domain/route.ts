import { failure } from '#contract/error.ts'
import { wildcardOver } from './host.ts'

const pathPattern = /^(\/([\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+$/
const pathLimit = 1024

/** A path as routes have it: `/` or `/api`, without a slash at the end. Throws ROUTE_INVALID. */
export function readPath(text: string): string {
  const path = text.length > 1 ? text.replace(/\/$/, '') : text
  if (path === '/' || path === '') return '/'
  if (!path.startsWith('/')) throw wrong(`a path begins with /, "${clip(text)}" does not`)
  const isDotted = path.split('/').some((part) => part === '.' || part === '..')
  if (!pathPattern.test(path) || isDotted || path.length > pathLimit) {
    throw wrong(`"${clip(text)}" is not a path such as /api`)
  }
  return path
}

/** What a redirect leads away from. */
export interface Origin {
  readonly host: string
  readonly path: string
  /** Hosts with a rule of their own, which a wildcard does not cover. */
  readonly others: readonly string[]
}

/**
 * Where a redirect leads: an absolute URL or a path, without a slash at its end. Throws ROUTE_INVALID,
 * also for one that leads to itself.
 */
export function readTarget(text: string, from: Origin): string {
  if (text.startsWith('/') && !text.startsWith('//')) {
    const path = readPath(text)
    if (isWithin(path, from.path)) throw loop(text)
    return path
  }
  const url = URL.canParse(text) ? new URL(text) : null
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw wrong(`"${clip(text)}" is neither a path nor an address such as https://example.org`)
  }
  if (url.search !== '' || url.hash !== '') {
    throw wrong('the query of a request is kept, so a redirect has none of its own, and no #')
  }
  const path = readPath(url.pathname)
  if (isCovered(url.hostname, from) && isWithin(path, from.path)) throw loop(text)
  return path === '/' ? url.origin : `${url.origin}${path}`
}

/** Whether requests for a host come to where the redirect is. */
function isCovered(host: string, from: Origin): boolean {
  return host === from.host || (wildcardOver(host) === from.host && !from.others.includes(host))
}

/** Whether a path is the other one or below it. */
function isWithin(path: string, other: string): boolean {
  return other === '/' || path === other || path.startsWith(`${other}/`)
}

function loop(to: string): Error {
  return wrong(`the redirect to ${clip(to)} would lead to itself`)
}

function wrong(reason: string): Error {
  return failure('ROUTE_INVALID', { reason })
}

function clip(text: string): string {
  return text.slice(0, 200)
}
