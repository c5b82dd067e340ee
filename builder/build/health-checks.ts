import { checkLimits, checkPatterns, longestS, type HealthCheck } from '#contract/health-check.ts'
import { Refused } from '#builder/refused.ts'
import { badManifest } from './bad-manifest.ts'
import { isObject, type Json } from './json-object.ts'

/** What `healthchecks` of `app.json` asks for. */
export interface HealthChecks {
  /** Of the web copies. */
  readonly checks: readonly HealthCheck[]
  /** Sentences about what is read and not done. */
  readonly notes: readonly string[]
}

const file = 'app.json'
const form = 'Write "healthchecks": { "web": [{ "type": "startup", "path": "/up" }] }.'

/** In the grammar of Dokku. Throws Refused with the place and what to write instead. */
export function readHealthChecks(healthchecks: Json): HealthChecks {
  const lists = Object.entries(healthchecks).map(
    ([type, list]) => [type, listOf(type, list)] as const,
  )
  const others = lists.filter(([type, list]) => type !== 'web' && list.length > 0)
  const web = lists.find(([type]) => type === 'web')?.[1] ?? []
  const limit = checkLimits.checks
  if (web.length > limit) throw wrong('healthchecks.web', `has more than ${limit} checks`)
  const read = web.map((entry, index) => readCheck(entry, `healthchecks.web[${index}]`))
  const checks = read.flatMap(({ check }) => (check === null ? [] : [check]))
  const notes = read.flatMap((one) => one.notes)
  if (others.length === 0) return { checks, notes }
  const types = listed(others.map(([type]) => type))
  return { checks, notes: [`healthchecks of ${types} are not made: only web has some`, ...notes] }
}

const listLimit = 5

/** `"worker", "clock"`; at most five, since this is one line. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, listLimit).map((name) => JSON.stringify(name.slice(0, 63)))
  const rest = names.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}

function listOf(type: string, list: unknown): readonly unknown[] {
  if (Array.isArray(list)) return list
  throw badManifest(file, `has no list at "healthchecks.${type.slice(0, 63)}"`, form)
}

interface Read {
  /** Null: it is one of those that are not done. */
  readonly check: HealthCheck | null
  readonly notes: readonly string[]
}

function readCheck(entry: unknown, place: string): Read {
  if (!isObject(entry)) throw badManifest(file, `has no object at "${place}"`, form)
  const reason = reasonToLeaveOut(entry, place)
  if (reason !== null) return { check: null, notes: [`${place} is left out: ${reason}`] }
  const check = checkOf(entry, place)
  const limit = checkLimits.totalS
  if (longestS(check) > limit) {
    const what = `may take ${longestS(check)} s in all, more than ${limit}`
    throw wrong(place, what, 'Lower "attempts", "timeout", "wait" or "initialDelay".')
  }
  return { check, notes: notesOf(entry, place) }
}

/** What would be waited for otherwise than it is meant is not waited for at all. */
function reasonToLeaveOut(entry: Json, place: string): string | null {
  const type = entry['type'] ?? ''
  if (type === 'liveness' || type === 'readiness') {
    return `checks of type ${type} are not made, only those of type startup`
  }
  if (type !== '' && type !== 'startup') throw wrong(`${place}.type`, 'is no type', form)
  if (isGiven(entry['command'])) return 'commands are not run in copies; give it a "path"'
  if (entry['warn'] === true) return '"warn" is not done, and a check that fails ends a deploy'
  return null
}

function notesOf(entry: Json, place: string): string[] {
  const unknown = Object.keys(entry).filter((key) => !known.has(key))
  const notes =
    unknown.length === 0 ? [] : [`${place} has ${listed(unknown)}: nothing is done with that`]
  return isGiven(entry['onFailure']) ? [...notes, `${place}.onFailure is not done`] : notes
}

const known = new Set(
  `attempts command content description httpHeaders initialDelay listening name onFailure path port
  scheme timeout type uptime wait warn`.split(/\s+/),
)

const kinds = ['path', 'listening', 'uptime'] as const

function checkOf(entry: Json, place: string): HealthCheck {
  const [kind, ...more] = kinds.filter((one) => isGiven(entry[one]))
  if (kind === undefined || more.length > 0) {
    const what = `must have exactly one of "path", "listening" and "uptime"`
    throw wrong(place, what, form)
  }
  const name = textAt(entry, 'name', place)
  if (kind === 'uptime') {
    const uptime_s = wholeAt(entry, 'uptime', place, { least: 1, most: checkLimits.uptimeS })
    return { kind, name, uptime_s }
  }
  const tries = { name, ...triesOf(entry, place) }
  if (kind === 'listening') {
    if (entry['listening'] === true) return { kind, ...tries }
    throw wrong(`${place}.listening`, 'must be true or false', 'Write "listening": true.')
  }
  refuseScheme(entry, place)
  const content = textAt(entry, 'content', place, anything)
  return {
    kind: 'http',
    ...tries,
    path: pathOf(entry, place),
    headers: headersOf(entry, place),
    content,
  }
}

/** The defaults are those of Dokku, where 0 stands for them too. */
function triesOf(entry: Json, place: string) {
  const { attempts, timeoutS, waitS, delayS } = checkLimits
  const port = wholeAt(entry, 'port', place, { least: 0, most: 65_535 })
  return {
    port: port === 0 ? null : port,
    attempts: wholeAt(entry, 'attempts', place, { least: 0, most: attempts }) || 3,
    timeout_s: wholeAt(entry, 'timeout', place, { least: 0, most: timeoutS }) || 5,
    wait_s: wholeAt(entry, 'wait', place, { least: 0, most: waitS }) || 5,
    delay_s: wholeAt(entry, 'initialDelay', place, { least: 0, most: delayS }),
  }
}

/** 0 where there is nothing. */
function wholeAt(
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
const anything = /^/

/** Null where there is nothing. */
function textAt(entry: Json, key: string, place: string, form = printable): string | null {
  const value = entry[key] ?? ''
  const limit = checkLimits.textLength
  if (typeof value === 'string' && value.length <= limit && form.test(value)) return value || null
  const what = `must be a text of at most ${limit} characters`
  throw wrong(`${place}.${key}`, what, `Write "${key}": "...", in one line.`)
}

const pathPattern = new RegExp(checkPatterns.path)

function pathOf(entry: Json, place: string): string {
  const path = textAt(entry, 'path', place) ?? ''
  if (pathPattern.test(path)) return path
  const fix = 'It begins with / and has no spaces: write others as %20 and the like.'
  throw wrong(`${place}.path`, 'is no path', fix)
}

/** Past the router everything is plain HTTP. */
function refuseScheme(entry: Json, place: string): void {
  const scheme = entry['scheme'] ?? ''
  if (typeof scheme === 'string' && ['', 'http'].includes(scheme.toLowerCase())) return
  throw wrong(`${place}.scheme`, 'is not "http"', 'TLS ends at the router: leave "scheme" out.')
}

const headerName = new RegExp(checkPatterns.headerName)
const headerValue = new RegExp(checkPatterns.headerValue)

function headersOf(entry: Json, place: string): { name: string; value: string }[] {
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

function isGiven(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (isObject(value)) return Object.keys(value).length > 0
  return ![undefined, null, '', 0, false].includes(value as null)
}

function wrong(place: string, what: string, fix = form): Refused {
  return new Refused('manifest', `${file}: ${place} ${what}`, fix)
}
