import { edgeLimits } from '#contract/edge.ts'
import type { EdgeLimit, EdgeSettings } from '#contract/edge.ts'
import { usage } from './failure.ts'

type Unit = (typeof edgeLimits)[EdgeLimit]['unit']

/** How people call them. */
const names: Readonly<Record<string, EdgeLimit>> = {
  'first-byte': 'first_byte_ms',
  rolling: 'rolling_ms',
  body: 'body_limit',
  'app-cap': 'app_cap',
  'instance-cap': 'instance_cap',
  queue: 'queue',
  hold: 'hold_ms',
}

const factors: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  ms: { ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  bytes: { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 },
  count: { '': 1 },
}

const like: Readonly<Record<Unit, string>> = { ms: '30s or 5m', bytes: '10M', count: '100' }

/** Reads `first-byte=60s body=100M queue=default`; `default` is what the router does unasked. */
export function readLimits(pairs: readonly string[]): Partial<EdgeSettings['limits']> {
  return Object.fromEntries(pairs.map(readPair))
}

function readPair(pair: string): [EdgeLimit, number | null] {
  const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(pair) ?? []
  const limit = names[name]
  if (limit === undefined) {
    const known = Object.keys(names).join(', ')
    throw wrong(`"${pair}" is no limit: write NAME=VALUE with one of ${known}.`)
  }
  return [limit, value === 'default' ? null : readValue(name, limit, value)]
}

function readValue(name: string, limit: EdgeLimit, text: string): number {
  const { unit, min, max } = edgeLimits[limit]
  const [, digits = '', suffix = ''] = /^(\d{1,12})([A-Za-z]*)$/.exec(text) ?? []
  const factor = factorOf(unit, suffix)
  if (digits === '' || factor === undefined) {
    throw wrong(`"${text}" is no value for ${name}: write one such as ${like[unit]}, or default.`)
  }
  const value = Number(digits) * factor
  if (value >= min && value <= max) return value
  throw wrong(`${name} goes from ${written(min, unit)} to ${written(max, unit)}, not ${text}.`)
}

/** `M`, `m`, `MB` and `MiB` are the same for bytes; a time without a unit could be anything. */
function factorOf(unit: Unit, suffix: string): number | undefined {
  if (unit !== 'bytes') return factors[unit][suffix.toLowerCase()]
  const letter = suffix.toUpperCase().replace(/I?B$/, '')
  return factors.bytes[letter === '' ? 'B' : letter]
}

/** `first-byte=60s`, for those that are set or all of them. */
export function shownLimits(limits: EdgeSettings['limits']): string[][] {
  return Object.entries(names).map(([name, limit]) => {
    const value = limits[limit]
    const { unit, what } = edgeLimits[limit]
    return [name, value === null ? 'default' : written(value, unit), what]
  })
}

/** In the largest unit that leaves a whole number. */
function written(value: number, unit: Unit): string {
  const whole = Object.entries(factors[unit]).findLast(
    ([, factor]) => value >= factor && value % factor === 0,
  )
  const [suffix, factor] = whole ?? [unit === 'ms' ? 's' : '', 1]
  return `${value / factor}${suffix}`
}

function wrong(reason: string): Error {
  return usage(reason, 'edge:limits')
}
