import { latin1 } from './bytes.ts'

const PERCENT = 37
const DOT = 46
const QUESTION = 63

/**
 * A path that no page has, and that servers read in different ways: one that climbs above the root,
 * has a NUL in it, or a percent sign that begins nothing. nginx refuses them, too.
 */
export function isOddPath(bytes: Buffer, start: number, end: number): boolean {
  let dots = 0
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]
    if (byte === QUESTION) return false
    if (byte === PERCENT) return isOddText(latin1(bytes, start, end))
    dots = byte === DOT ? dots + 1 : 0
    if (dots === 2) return isOddText(latin1(bytes, start, end))
  }
  return false
}

function isOddText(target: string): boolean {
  const path = target.replace(/\?.*$/s, '').replace(/^https?:\/\/[^/]*/i, '')
  return (
    /%(?:00|(?![\da-f]{2}))/i.test(path) || climbs(path.replace(/%2e/gi, '.').replace(/%2f/gi, '/'))
  )
}

function climbs(path: string): boolean {
  let depth = 0
  for (const segment of path.split('/')) {
    if (segment === '..') depth -= 1
    else if (segment !== '.' && segment !== '') depth += 1
    if (depth < 0) return true
  }
  return false
}
