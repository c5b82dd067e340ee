import { randomBytes } from 'node:crypto'
import { isConfigKey, processTypePattern } from '#contract/grammar.ts'
import type { Config } from '#contract/app.ts'
import type { CronEntry } from '#contract/cron.ts'
import type { HealthCheck } from '#contract/health-check.ts'
import { Refused } from '#builder/refused.ts'
import { badManifest } from './bad-manifest.ts'
import { readCron } from './cron.ts'
import { readHealthChecks } from './health-checks.ts'
import { isObject, type Json } from './json-object.ts'

/** What `app.json` asks for, as far as we do it. */
export interface AppJson {
  readonly env: Readonly<Record<string, AppVariable>>
  /** Copies per process type, for types nobody has scaled yet. */
  readonly formation: Readonly<Record<string, number>>
  readonly buildpacks: readonly string[]
  /** Command of `scripts.postdeploy`; null: none. */
  readonly postdeploy: string | null
  /** Of its web copies. */
  readonly healthChecks: readonly HealthCheck[]
  /** Commands that are run by schedule. */
  readonly cron: readonly CronEntry[]
  /** Sentences about what is read and not used. */
  readonly notes: readonly string[]
}

interface AppVariable {
  readonly value: string | null
  readonly isSecret: boolean
  readonly isRequired: boolean
}

const file = 'app.json'

/** Throws Refused with the place and what to write instead. */
export function parseAppJson(text: string): AppJson {
  const json = parse(text)
  const { checks, notes } = readHealthChecks(objectAt(json, 'healthchecks'))
  return {
    env: readEnv(objectAt(json, 'env')),
    formation: readFormation(objectAt(json, 'formation')),
    buildpacks: readBuildpacks(json['buildpacks']),
    postdeploy: readPostdeploy(objectAt(json, 'scripts')),
    healthChecks: checks,
    cron: readCron(json['cron']),
    notes: [...notesOf(json), ...notes].map((note) => `${file}: ${note}`),
  }
}

function parse(text: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const what = `is no JSON${placeOf(text, String((error as Error).message))}`
    throw badManifest(file, what, 'Look for a missing comma or quote there, and for comments.')
  }
  if (!isObject(value)) throw badManifest(file, 'holds no object', 'Write { ... } around it.')
  return value
}

/** ` at line 3, column 7`; empty when the parser does not say where. */
function placeOf(text: string, message: string): string {
  const at = /position (\d+)/.exec(message)?.[1]
  if (at === undefined) return /end of/.test(message) ? ': it ends too early' : ''
  const before = text.slice(0, Number(at)).split('\n')
  return ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

/** What stands at `place`; an empty object where there is nothing. */
function objectAt(json: Json, place: string): Json {
  const value = json[place]
  if (value === undefined || value === null) return {}
  if (isObject(value)) return value
  throw badManifest(file, `has no object at "${place}"`, `Write "${place}": { ... }.`)
}

function readEnv(env: Json): Record<string, AppVariable> {
  const entries = Object.entries(env).map(
    ([key, entry]) => [key, readVariable(key, entry)] as const,
  )
  return Object.fromEntries(entries)
}

function readVariable(key: string, entry: unknown): AppVariable {
  const place = `env.${key.slice(0, 130)}`
  if (!isConfigKey(key)) {
    const fix = 'A name is letters, digits and _; PORT and SLIPWAY_* are ours.'
    throw badManifest(file, `has a name at "${place}" that no config var can have`, fix)
  }
  if (isScalar(entry)) return { value: String(entry), isSecret: false, isRequired: true }
  if (!isObject(entry)) {
    throw badManifest(file, `has neither a text nor an object at "${place}"`, envForm)
  }
  const { value, generator, required } = entry
  if (generator !== undefined && generator !== 'secret') {
    throw badManifest(file, `has an unknown generator at "${place}"`, 'The one there is: "secret".')
  }
  if (value !== undefined && value !== null && !isScalar(value)) {
    throw badManifest(file, `has no text at "${place}.value"`, envForm)
  }
  return {
    value: isScalar(value) ? String(value) : null,
    isSecret: generator === 'secret',
    isRequired: required !== false,
  }
}

const envForm = 'Write "NAME": "value", or "NAME": { "value": "...", "required": false }.'

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

const typeName = new RegExp(processTypePattern)

function readFormation(formation: Json): Record<string, number> {
  const read = ([type, entry]: [string, unknown]): [string, number][] => {
    const quantity = isObject(entry) ? entry['quantity'] : entry
    const isWhole = Number.isInteger(quantity) && Number(quantity) >= 0 && Number(quantity) <= 1000
    if (typeName.test(type) && isWhole) return [[type, Number(quantity)]]
    if (quantity === undefined && isObject(entry)) return []
    const place = `formation.${type.slice(0, 63)}`
    throw badManifest(file, `has no quantity at "${place}"`, 'Write "web": { "quantity": 2 }.')
  }
  return Object.fromEntries(Object.entries(formation).flatMap(read))
}

function readBuildpacks(value: unknown): string[] {
  if (value === undefined || value === null) return []
  const fix = 'Write "buildpacks": [{ "url": "https://..." }].'
  if (!Array.isArray(value)) throw badManifest(file, 'has no list at "buildpacks"', fix)
  return value.map((entry: unknown, index) => {
    const url = isObject(entry) ? entry['url'] : entry
    if (typeof url === 'string') return url
    throw badManifest(file, `has no url at "buildpacks[${index}]"`, fix)
  })
}

function readPostdeploy(scripts: Json): string | null {
  const entry = scripts['postdeploy']
  const command = isObject(entry) ? entry['command'] : entry
  if (command === undefined || command === null) return null
  if (typeof command === 'string' && command.trim() !== '' && !command.includes('\0')) {
    return command.trim()
  }
  const fix = 'Write "scripts": { "postdeploy": "command" }.'
  throw badManifest(file, 'has no command at "scripts.postdeploy"', fix)
}

/** What is asked for and not done is said: silence would be taken for yes. */
const notDone: Readonly<Record<string, string>> = {
  addons: 'addons are not provided: give their addresses with app config:set',
  stack: 'stack is not used: the app keeps its own',
}

function notesOf(json: Json): string[] {
  const isGiven = (value: unknown): boolean =>
    isObject(value) ? Object.keys(value).length > 0 : ![undefined, null, ''].includes(value as null)
  const isMore = (name: string): boolean =>
    isGiven(json[name]) && !(Array.isArray(json[name]) && json[name].length === 0)
  return Object.entries(notDone)
    .filter(([name]) => isMore(name))
    .map(([, note]) => note)
}

/** Config the app lacks and gets: `made` are the keys among them that were generated just now. */
export interface Lacking {
  readonly config: Config
  readonly made: readonly string[]
}

/**
 * What of `env` the config does not have yet. Throws Refused when a required value is nowhere: it names
 * the keys, and the command that sets them.
 */
export function lackingConfig(env: AppJson['env'], config: Config, app: string): Lacking {
  const open = Object.entries(env).filter(([key]) => !Object.hasOwn(config, key))
  const missing = open.filter(([, { value, isSecret, isRequired }]) => {
    return value === null && !isSecret && isRequired
  })
  if (missing.length > 0) {
    const keys = missing.map(([key]) => key)
    const pairs = keys.map((key) => `${key}=...`).join(' ')
    const message = `${file} requires config that is not set: ${keys.join(', ')}`
    throw new Refused(
      'manifest',
      message,
      `Set it, then push again: app config:set ${pairs} -a ${app}`,
    )
  }
  const given = open.flatMap(([key, { value, isSecret }]): [string, string][] => {
    if (isSecret) return [[key, randomBytes(32).toString('hex')]]
    return value === null ? [] : [[key, value]]
  })
  const made = open.filter(([, { isSecret }]) => isSecret).map(([key]) => key)
  return { config: Object.fromEntries(given), made }
}
