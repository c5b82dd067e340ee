import {
  automaticNames,
  deleteAutomaticName,
  deleteExpired,
  isSomeDue,
  putAutomaticName,
} from '#controller/store/certificates.ts'
import { startLoop } from '#lib/loop.ts'
import { attempt, lookAtWish } from './attempt.ts'
import type { AttemptDeps } from './attempt.ts'
import { openAuthority } from './authority.ts'
import { Challenges } from './challenges.ts'
import type { CertificateDeps } from './deps.ts'
import { wantedNames } from './names.ts'
import { openPublisher } from './publish.ts'
import { dueTasks, foundAgain, unwantedNames } from './queue.ts'
import type { Task } from './queue.ts'
import { Seen } from './seen.ts'
import { readWorld } from './world.ts'

/** The part of the controller that gets certificates and gives them to the router. */
export interface Certificates {
  /** Looks soon for names that want one, and at what the router has. */
  kick(): void
  close(): Promise<void>
}

const everyMs = 20_000
/** Names that are asked for side by side. */
const lanes = 4
/** In one pass; afterwards it is looked again who waits. */
const atOnce = 40
/** How long an authority is left alone that is down, or that we were too much for. */
const restMs = 60_000

/**
 * Starts two loops: one gives the router what it lacks, one asks the authority for what is wanted
 * and not there, or due. Both look at the database, and are told nothing by who kicks them.
 */
export function startCertificates(deps: CertificateDeps): Certificates {
  const { log } = deps
  const publishing = startLoop(openPublisher(deps), {
    everyMs,
    onError: (error) => {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn('certificates.not_published', { reason })
    },
  })
  const asking = deps.acme === null ? null : startAsking(deps, deps.acme, () => publishing.kick())
  return {
    kick: () => {
      publishing.kick()
      asking?.kick()
    },
    close: async () => {
      await asking?.close()
      await publishing.close()
    },
  }
}

function startAsking(
  deps: CertificateDeps,
  acme: AttemptDeps['acme'],
  onChange: () => void,
): Certificates {
  const authority = openAuthority(deps, acme)
  const challenges = new Challenges(deps.router)
  const rest = new Rest(deps.now)
  const seen = new Seen()
  const all: AttemptDeps = { ...deps, acme, authority, challenges }
  const pass = async (signal: AbortSignal): Promise<void> => {
    const tasks = await look(all, seen)
    await inLanes(tasks.slice(0, atOnce), async (task) => {
      if (!rest.isOver) return
      const { isDone, waitMs } = await perform(all, task, signal)
      if (isDone) onChange()
      if (waitMs > 0) rest.begin(waitMs)
    })
    if (tasks.length > atOnce && rest.isOver) loop.kick()
  }
  const onError = (error: unknown): void => deps.log.error('certificates.pass_failed', error)
  const loop = startLoop(pass, { everyMs, onError })
  return {
    kick: () => loop.kick(),
    close: async () => {
      await loop.close()
      authority.close()
    },
  }
}

/** What is to be done; forgets what nobody wants. */
async function look(
  { db, now, acme, random = Math.random }: AttemptDeps,
  seen: Seen,
): Promise<Task[]> {
  const generation = await seen.next(db, now())
  if (generation === null && !(await isSomeDue(db, now().toISOString()))) return []
  const able = { domain: acme.domain, hasDns: acme.types.includes('dns-01') }
  const at = now()
  const world = await readWorld(db)
  const wanted = wantedNames(world, able, at)
  const known = await automaticNames(db)
  for (const name of unwantedNames(wanted, known)) await deleteAutomaticName(db, name)
  await deleteExpired(db, at.toISOString())
  const again = foundAgain({ wanted, known, certificates: world.certificates }, at, random)
  for (const row of again) await putAutomaticName(db, row)
  const tasks = dueTasks(wanted, [...known, ...again], at)
  if (tasks.length === 0 && generation !== null) seen.keep(generation, at)
  return tasks
}

interface Performed {
  readonly isDone: boolean
  /** How long nobody should be asked for. */
  readonly waitMs: number
}

async function perform(
  deps: AttemptDeps,
  { wanted, state }: Task,
  signal: AbortSignal,
): Promise<Performed> {
  const at = deps.now().toISOString()
  const isLook = state.look_at !== null && state.look_at <= at
  const known = isLook ? await lookAtWish(deps, state, signal) : state
  if (known.due_at > deps.now().toISOString()) return { isDone: false, waitMs: 0 }
  const hindrance = await attempt(deps, wanted, known, signal)
  if (hindrance === null) return { isDone: true, waitMs: 0 }
  const isAll = hindrance.kind === 'authority' && isAboutAll(hindrance.cause)
  return { isDone: false, waitMs: isAll ? (hindrance.waitMs ?? restMs) : 0 }
}

/** Whether a refusal would have met any other name as well. */
function isAboutAll(cause: unknown): boolean {
  const { kind } = (cause ?? {}) as { kind?: string }
  return ['unreachable', 'rateLimited', 'serverInternal', 'status503'].includes(kind ?? '')
}

/** A time in which nobody is asked. */
class Rest {
  readonly #now: () => Date
  #untilMs = 0

  constructor(now: () => Date) {
    this.#now = now
  }

  get isOver(): boolean {
    return this.#now().getTime() >= this.#untilMs
  }

  begin(ms: number): void {
    this.#untilMs = Math.max(this.#untilMs, this.#now().getTime() + Math.min(ms, restMs))
  }
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const lane = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
