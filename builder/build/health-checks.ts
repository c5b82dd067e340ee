import { checkLimits, longestS, type HealthCheck } from '#contract/health-check.ts'
import { badManifest } from './bad-manifest.ts'
import {
  commandOf,
  file,
  form,
  headersOf,
  isGiven,
  pathOf,
  portOf,
  refuseScheme,
  textAt,
  wholeAt,
  wrong,
} from './health-check-fields.ts'
import { isObject, type Json } from './json-object.ts'

/** What `healthchecks` of `app.json` asks for. */
export interface HealthChecks {
  /** Of the web copies. */
  readonly checks: readonly HealthCheck[]
  /** Sentences about what is read and not done. */
  readonly notes: readonly string[]
}

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

const types = ['', 'startup', 'readiness', 'liveness']

/** What would be waited for otherwise than it is meant is not waited for at all. */
function reasonToLeaveOut(entry: Json, place: string): string | null {
  const type = entry['type'] ?? ''
  if (typeof type !== 'string' || !types.includes(type)) {
    throw wrong(`${place}.type`, 'is no type', form)
  }
  if (type === 'liveness' && isGiven(entry['uptime'])) {
    return 'an "uptime" says nothing of a copy that serves; give it a "path" or a "command"'
  }
  if (entry['warn'] !== true) return null
  const end = type === 'liveness' ? 'has a copy started anew' : 'ends a deploy'
  return `"warn" is not done, and a check that fails ${end}`
}

function notesOf(entry: Json, place: string): string[] {
  const unknown = Object.keys(entry).filter((key) => !known.has(key))
  const notes = [
    unknown.length > 0 ? `${place} has ${listed(unknown)}: nothing is done with that` : '',
    isGiven(entry['onFailure']) ? `${place}.onFailure is not done` : '',
    entry['type'] === 'readiness' ? `${place} is made before a copy serves, and not again` : '',
  ]
  return notes.filter((note) => note !== '')
}

const known = new Set(
  `attempts command content description httpHeaders initialDelay listening name onFailure path port
  scheme timeout type uptime wait warn`.split(/\s+/),
)

const kinds = ['path', 'listening', 'command', 'uptime'] as const

function checkOf(entry: Json, place: string): HealthCheck {
  const [kind, ...more] = kinds.filter((one) => isGiven(entry[one]))
  if (kind === undefined || more.length > 0) {
    const what = 'must have exactly one of "path", "listening", "command" and "uptime"'
    throw wrong(place, what, form)
  }
  const name = textAt(entry, 'name', place)
  if (kind === 'uptime') {
    const uptime_s = wholeAt(entry, 'uptime', place, { least: 1, most: checkLimits.uptimeS })
    return { kind, name, uptime_s }
  }
  const tries = { name, ...triesOf(entry, place) }
  if (kind === 'command') return { kind, ...tries, command: commandOf(entry, place) }
  const port = portOf(entry, place)
  if (kind === 'listening') {
    if (entry['listening'] === true) return { kind, ...tries, port }
    throw wrong(`${place}.listening`, 'must be true or false', 'Write "listening": true.')
  }
  refuseScheme(entry, place)
  const content = textAt(entry, 'content', place, { anything: true })
  return {
    kind: 'http',
    ...tries,
    port,
    path: pathOf(entry, place),
    headers: headersOf(entry, place),
    content,
  }
}

/** The defaults are those of Dokku, where 0 stands for them too. */
function triesOf(entry: Json, place: string) {
  const { attempts, timeoutS, waitS, delayS } = checkLimits
  return {
    ...(entry['type'] === 'liveness' ? { type: 'liveness' as const } : {}),
    attempts: wholeAt(entry, 'attempts', place, { least: 0, most: attempts }) || 3,
    timeout_s: wholeAt(entry, 'timeout', place, { least: 0, most: timeoutS }) || 5,
    wait_s: wholeAt(entry, 'wait', place, { least: 0, most: waitS }) || 5,
    delay_s: wholeAt(entry, 'initialDelay', place, { least: 0, most: delayS }),
  }
}
