import {
  concurrencyPolicies,
  type ConcurrencyPolicy,
  cronLimits,
  type CronEntry,
} from '#contract/cron.ts'
import { Refused } from '#builder/refused.ts'
import { parseSchedule } from '#lib/schedule.ts'
import { badManifest } from './bad-manifest.ts'
import { isObject, type Json } from './json-object.ts'

const file = 'app.json'
const form = 'Write "cron": [{ "command": "...", "schedule": "0 3 * * *" }].'

/** What `cron` of `app.json` asks for. Throws Refused with the place and what to write instead. */
export function readCron(value: unknown): CronEntry[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw badManifest(file, 'has no list at "cron"', form)
  const limit = cronLimits.entries
  if (value.length > limit) throw wrong('cron', `has more than ${limit} commands`)
  const entries = value.map((entry: unknown, index) => readEntry(entry, `cron[${index}]`))
  refuseTwins(entries)
  return entries
}

const known = new Set(['command', 'schedule', 'concurrency_policy', 'maintenance'])

function readEntry(entry: unknown, place: string): CronEntry {
  if (!isObject(entry)) throw badManifest(file, `has no object at "${place}"`, form)
  const unknown = Object.keys(entry).find((key) => !known.has(key))
  if (unknown !== undefined) {
    const fix = `Known are ${[...known].map((key) => `"${key}"`).join(', ')}.`
    throw wrong(place, `has ${JSON.stringify(unknown.slice(0, 63))}, which is not known`, fix)
  }
  return {
    schedule: scheduleOf(entry, place),
    command: commandOf(entry, place),
    concurrency_policy: policyOf(entry, place),
    maintenance: maintenanceOf(entry, place),
  }
}

function scheduleOf({ schedule }: Json, place: string): string {
  const text = typeof schedule === 'string' ? schedule.trim().replace(/\s+/g, ' ') : ''
  if (text.length <= cronLimits.scheduleLength && parseSchedule(text) !== null) return text
  const fix =
    'Write five fields: minute, hour, day, month, weekday ("0 3 * * *"), or "@daily" and the like.'
  throw wrong(`${place}.schedule`, 'is no schedule that ever comes', fix)
}

function commandOf({ command }: Json, place: string): string {
  const text = typeof command === 'string' ? command.trim() : ''
  const isRight = text !== '' && text.length <= cronLimits.commandLength && !text.includes('\0')
  if (isRight) return text
  throw wrong(`${place}.command`, 'is no command', form)
}

function policyOf(entry: Json, place: string): ConcurrencyPolicy {
  const value = entry['concurrency_policy'] ?? 'forbid'
  const policy = concurrencyPolicies.find((one) => one === value)
  if (policy !== undefined) return policy
  const names = concurrencyPolicies.map((one) => `"${one}"`).join(', ')
  throw wrong(`${place}.concurrency_policy`, 'is not known', `Write one of ${names}.`)
}

function maintenanceOf({ maintenance = false }: Json, place: string): boolean {
  if (typeof maintenance === 'boolean') return maintenance
  throw wrong(`${place}.maintenance`, 'must be true or false', 'Write "maintenance": true.')
}

/** Whether one still runs when the next is due is known by what they are. */
function refuseTwins(entries: readonly CronEntry[]): void {
  const seen = new Map<string, number>()
  for (const [index, { schedule, command }] of entries.entries()) {
    const twin = seen.get(`${schedule}\n${command}`)
    if (twin !== undefined) {
      const what = `has the command and schedule of cron[${twin}]`
      throw wrong(`cron[${index}]`, what, 'Leave one of them out.')
    }
    seen.set(`${schedule}\n${command}`, index)
  }
}

function wrong(place: string, what: string, fix = form): Refused {
  return new Refused('manifest', `${file}: ${place} ${what}`, fix)
}
