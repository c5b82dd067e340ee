import { randomUUID } from 'node:crypto'
import { recordDeed } from '#controller/store/audit.ts'
import {
  certificateByName,
  insertCertificate,
  insertOrder,
  putAutomaticName,
  updateCertificate,
} from '#controller/store/certificates.ts'
import type { AutomaticNameRow, CertificateRow } from '#controller/store/tables.ts'
import { issue } from './acme/issue.ts'
import type { Issued } from './acme/issue.ts'
import { renewalId, renewalWindow } from './acme/renewal.ts'
import type { Authority } from './authority.ts'
import { refuseBeyondBudget } from './budget.ts'
import type { Challenges } from './challenges.ts'
import type { CertificateDeps } from './deps.ts'
import { placeOf } from './deps.ts'
import { pauseAfter, renewAt, timeIn } from './due.ts'
import { Hindrance, hindranceFrom } from './hindrance.ts'
import { inspect } from './inspect.ts'
import type { Inspected } from './inspect.ts'
import type { WantedName } from './names.ts'
import { preflight, usualReach } from './preflight.ts'
import type { AcmeSettings } from './settings.ts'
import { openSolver, typesFor } from './solver.ts'

/** What asking for certificates needs. */
export interface AttemptDeps extends CertificateDeps {
  readonly acme: AcmeSettings
  readonly authority: Authority
  readonly challenges: Challenges
}

/** Of one certificate, from the first look to the last file. */
const deadlineMs = 300_000
/** When an authority that was not understood is asked for its wish again. */
const lookAgainMs = 6 * 3_600_000

/**
 * Asks the authority when it wants a certificate renewed, and moves the renewal there (RFC 9773).
 * Whatever goes wrong, the time it has stays as it is.
 */
export async function lookAtWish(
  deps: AttemptDeps,
  state: AutomaticNameRow,
  signal: AbortSignal,
): Promise<AutomaticNameRow> {
  const { db, authority, log, now, random = Math.random } = deps
  const certificate = await certificateByName(db, state.name)
  if (certificate === undefined) return state
  const ask = async (): ReturnType<typeof renewalWindow> =>
    authority.ask((client) => renewalWindow(client, certificate.chain, signal), signal)
  const wish = await ask().catch((error: unknown) => {
    signal.throwIfAborted()
    log.warn('certificate.wish_unknown', { name: state.name, reason: hindranceFrom(error).message })
    return null
  })
  const look_at = later(now(), wish?.waitMs ?? lookAgainMs)
  const due = wish === null ? state.due_at : dueIn(wish, state, random)
  const row = { ...state, look_at, due_at: due }
  await putAutomaticName(db, row)
  return row
}

/** A time that was chosen in the window stays; while a renewal fails, its pauses go before. */
function dueIn(
  wish: { readonly start: Date; readonly end: Date },
  { due_at, failures }: AutomaticNameRow,
  random: () => number,
): string {
  const due = Date.parse(due_at)
  const isInside = due >= wish.start.getTime() && due <= wish.end.getTime()
  return isInside || failures > 0 ? due_at : timeIn(wish, random).toISOString()
}

/** Asks for a certificate, the first or the next one. How it went is kept with the name. */
export async function attempt(
  deps: AttemptDeps,
  wanted: WantedName,
  state: AutomaticNameRow,
  signal: AbortSignal,
): Promise<Hindrance | null> {
  const late = AbortSignal.timeout(deadlineMs)
  try {
    const issued = await order(deps, { wanted, state }, AbortSignal.any([signal, late]))
    await keep(deps, wanted, issued)
    return null
  } catch (error) {
    signal.throwIfAborted()
    const hindrance = late.aborted
      ? new Hindrance('authority', `It was not there after ${deadlineMs / 60_000} minutes.`)
      : hindranceFrom(error)
    await note(deps, { wanted, state }, hindrance)
    return hindrance
  }
}

interface Case {
  readonly wanted: WantedName
  readonly state: AutomaticNameRow
}

async function order(
  deps: AttemptDeps,
  { wanted, state }: Case,
  signal: AbortSignal,
): Promise<Issued> {
  const { db, acme, authority, challenges, now, log, reach = usualReach } = deps
  const before = await certificateByName(db, wanted.name)
  const isRenewal = before !== undefined
  await refuseBeyondBudget(db, wanted, { budget: acme.budget, now: now(), isRenewal })
  if (acme.looksFirst) await preflight(wanted.name, { challenges, reach }, signal)
  const types = typesFor(wanted.name, acme.types, state.failures)
  const solver = openSolver({ challenges, dnsHook: acme.dnsHook, log }, types)
  return authority.ask(async (client) => {
    const { renewalInfo } = await client.directory(signal)
    const replaces =
      before === undefined || renewalInfo === undefined ? null : renewalId(before.chain)
    const order = { name: wanted.name, profile: acme.profile, replaces }
    return issue(client, order, solver, signal)
  }, signal)
}

/** The old one is replaced, in one transaction with what was done. */
async function keep(deps: AttemptDeps, wanted: WantedName, issued: Issued): Promise<void> {
  const { db, now, random = Math.random, log, logs } = deps
  const { name } = wanted
  const at = now()
  const content = inspect(issued, new Date())
  const isNew = await db.transaction().execute(async (trx) => {
    const before = await certificateByName(trx, name)
    const row = rowOf(deps, { id: before?.id ?? randomUUID(), name, at }, content)
    await (before === undefined ? insertCertificate(trx, row) : updateCertificate(trx, row))
    const due_at = renewAt(row, random).toISOString()
    const look_at = at.toISOString()
    // A renewal is no new demand: it counts for the name, not for its owner.
    const owner_id = before === undefined ? wanted.ownerId : ''
    await insertOrder(trx, { owner_id, name, at: look_at })
    await putAutomaticName(trx, { name, due_at, look_at, failures: 0, failure: null })
    const action = before === undefined ? 'certificate.issue' : 'certificate.renew'
    await recordDeed(trx, { at: at.toISOString(), actor: 'controller', action, target: name })
    return before === undefined
  })
  log.info(isNew ? 'certificate.issued' : 'certificate.renewed', { name })
  const verb = isNew ? 'made' : 'renewed'
  const until = content.expires_at.slice(0, 10)
  tell(logs, wanted, `The certificate of ${name} was ${verb}; it is good until ${until}.`)
}

function rowOf(
  { vault }: AttemptDeps,
  { id, name, at }: { readonly id: string; readonly name: string; readonly at: Date },
  { names, key, ...rest }: Inspected,
): CertificateRow {
  const time = at.toISOString()
  return {
    ...rest,
    id,
    app_id: null,
    name,
    names: JSON.stringify(names),
    key: vault.sealText(placeOf(id), key),
    created_at: time,
    updated_at: time,
  }
}

async function note(
  { db, now, random = Math.random, log, logs }: AttemptDeps,
  { wanted, state }: Case,
  hindrance: Hindrance,
): Promise<void> {
  const failures = state.failures + 1
  const waitMs = pauseAfter(hindrance, failures, random)
  const { message: failure, kind } = hindrance
  const due_at = later(now(), waitMs)
  await putAutomaticName(db, { ...state, failures, failure, due_at })
  const fields = { name: wanted.name, kind, failures, waitMs }
  if (kind === 'bug') log.error('certificate.bug', hindrance.cause, fields)
  else log.warn('certificate.failed', { ...fields, reason: failure })
  // The same words again and again would bury what the app has to say.
  if (failure === state.failure) return
  tell(logs, wanted, `There is no new certificate of ${wanted.name}. ${failure}`)
}

function tell(logs: CertificateDeps['logs'], { environments }: WantedName, text: string): void {
  for (const id of environments) logs.event(id, 'certificates', text)
}

function later(from: Date, ms: number): string {
  return new Date(from.getTime() + ms).toISOString()
}
