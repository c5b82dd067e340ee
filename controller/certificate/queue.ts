import type { CertificateHead } from '#controller/store/certificates.ts'
import type { AutomaticNameRow } from '#controller/store/tables.ts'
import { renewAt } from './due.ts'
import type { Random } from './due.ts'
import type { WantedName } from './names.ts'

/** A name and what is to be done about it. */
export interface Task {
  readonly wanted: WantedName
  readonly state: AutomaticNameRow
  readonly isNew: boolean
}

/** What is due, names without a certificate first, then what has waited longest. */
export function dueTasks(
  wanted: readonly WantedName[],
  known: readonly AutomaticNameRow[],
  now: Date,
): Task[] {
  const at = now.toISOString()
  const states = new Map(known.map((row) => [row.name, row]))
  const tasks = wanted.flatMap((one): Task[] => {
    const state = states.get(one.name)
    if (state === undefined) return [{ wanted: one, state: freshState(one.name, at), isNew: true }]
    const isDue = state.due_at <= at || (state.look_at !== null && state.look_at <= at)
    return isDue ? [{ wanted: one, state, isNew: state.look_at === null }] : []
  })
  return tasks.toSorted((a, b) => rank(a) - rank(b) || compare(a.state.due_at, b.state.due_at))
}

/** States of names that are wanted again and whose certificate is still there. */
export function foundAgain(
  { wanted, known, certificates }: Seen,
  now: Date,
  random: Random,
): AutomaticNameRow[] {
  const names = new Set(known.map(({ name }) => name))
  const lost = new Set(wanted.map(({ name }) => name).filter((name) => !names.has(name)))
  const at = now.toISOString()
  return certificates.flatMap((one) => {
    if (one.name === null || !lost.has(one.name) || one.expires_at <= at) return []
    return [{ ...freshState(one.name, renewAt(one, random).toISOString()), look_at: at }]
  })
}

interface Seen {
  readonly wanted: readonly WantedName[]
  readonly known: readonly AutomaticNameRow[]
  readonly certificates: readonly CertificateHead[]
}

/** Names that are known and not wanted any more. */
export function unwantedNames(
  wanted: readonly WantedName[],
  known: readonly AutomaticNameRow[],
): string[] {
  const names = new Set(wanted.map(({ name }) => name))
  return known.filter(({ name }) => !names.has(name)).map(({ name }) => name)
}

function freshState(name: string, due_at: string): AutomaticNameRow {
  return { name, due_at, look_at: null, failures: 0, failure: null }
}

function rank({ isNew }: Task): number {
  return isNew ? 0 : 1
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
