import { checkLimits, checkPatterns } from '#contract/health-check.ts'
import { Refused } from '#builder/refused.ts'
import { isObject, type Json } from './json-object.ts'

/** Each reads one field of a health check at `place`, or throws Refused with what to write instead. */

export const file = 'app.json'
export const form = 'Write "healthchecks": { "web": [{ "type": "startup", "path": "/up" }] }.'

export function portOf(entry: Json, place: string): number | null {
  return wholeAt(entry, 'port', place, { least: 0, most: 65_535 }) || null
}

/** As a line for a shell, or as its words. */
export function commandOf(entry: Json, place: string): string {
  const { command } = entry
  const isWord = (word: unknown): word is string => typeof word === 'string'
  const isList = Array.isArray(command) && command.every(isWord)
  const line = isList ? command.map(quoted).join(' ') : command
  const limit = checkLimits.textLength
  if (isWord(line) && line.trim() !== '' && line.length <= limit && printable.test(line))
    return line
  const what = `must be a command line, or a list of its words, of at most ${limit} characters`
  throw wrong(`${place}.command`, what, 'Write "command": ["bin/check", "--quick"].')
}

function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** 0 where there is nothing. */
export function wholeAt(
  entry: Json,
  key: string,
  place: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = entry[key] ?? 0
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)
    return Number(value)
  const what = `must be a whole number from ${least} to ${most}`
  throw wrong(`${place}.${key}`, what, `Write "${key}": ${Math.max(least, 1)}, or leave it out.`)
}

const printable = new RegExp(checkPatterns.text)

/** Null where there is nothing. */
export function textAt(
  entry: Json,
  key: string,
  place: string,
  { anything = false } = {},
): string | null {
  const value = entry[key] ?? ''
  const limit = checkLimits.textLength
  const isShown = typeof value === 'string' && (anything || printable.test(value))
  if (isShown && value.length <= limit) return value || null
  const what = `must be a text of at most ${limit} characters`
  throw wrong(`${place}.${key}`, what, `Write "${key}": "...", in one line.`)
}

const pathPattern = new RegExp(checkPatterns.path)

export function pathOf(entry: Json, place: string): string {
  const path = textAt(entry, 'path', place) ?? ''
  if (pathPattern.test(path)) return path
  const fix = 'It begins with / and has no spaces: write others as %20 and the like.'
  throw wrong(`${place}.path`, 'is no path', fix)
}

/** Past the router everything is plain HTTP. */
export function refuseScheme(entry: Json, place: string): void {
  const scheme = entry['scheme'] ?? ''
  if (typeof scheme === 'string' && ['', 'http'].includes(scheme.toLowerCase())) return
  throw wrong(`${place}.scheme`, 'is not "http"', 'TLS ends at the router: leave "scheme" out.')
}

const headerName = new RegExp(checkPatterns.headerName)
const headerValue = new RegExp(checkPatterns.headerValue)

export function headersOf(entry: Json, place: string): { name: string; value: string }[] {
  const list = entry['httpHeaders'] ?? []
  const fix = 'Write "httpHeaders": [{ "name": "Accept", "value": "text/html" }].'
  if (!Array.isArray(list) || list.length > checkLimits.headers) {
    const what = `is no list of at most ${checkLimits.headers} headers`
    throw wrong(`${place}.httpHeaders`, what, fix)
  }
  return list.map((header: unknown, index) => {
    const { name, value } = isObject(header) ? header : {}
    const isRight = typeof name === 'string' && typeof value === 'string' && isHeader(name, value)
    if (isRight) return { name, value }
    throw wrong(`${place}.httpHeaders[${index}]`, 'is no header', fix)
  })
}

function isHeader(name: string, value: string): boolean {
  return (
    headerName.test(name) && headerValue.test(value) && value.length <= checkLimits.headerLength
  )
}

export function isGiven(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (isObject(value)) return Object.keys(value).length > 0
  return ![undefined, null, '', 0, false].includes(value as null)
}

export function wrong(place: string, what: string, fix = form): Refused {
  return new Refused('manifest', `${file}: ${place} ${what}`, fix)
}
