import type { CronEntry } from '#contract/cron.ts'
import { failure } from '#contract/error.ts'
import { cronType } from '#controller/deploy/copy.ts'
import type { OneOffMade } from '#controller/run/runs.ts'
import { servingDeployment } from '#controller/store/deployments.ts'
import { EngineError } from '#driver/driver.ts'
import { startLoop } from '#lib/loop.ts'
import { claim, type Where } from './claim.ts'
import type { CronDeps } from './deps.ts'
import { allDue, type Blocked, type Due, saySkipped, skipAll, startAll } from './due.ts'
import { settle } from './settle.ts'
import { Starter } from './starter.ts'

/** Runs what the serving release of each environment has by schedule. */
export interface Cron {
  /**
   * Starts a run of an entry now; entries are numbered from 1. Throws NOTHING_DEPLOYED,
   * CRON_NOT_FOUND, CRON_RUNNING, or what the engine threw.
   */
  run(where: Where, number: number): Promise<OneOffMade>
  /** Runs go on; the next controller looks after them. */
  close(): Promise<void>
}

const everyMs = 1000
const minuteMs = 60_000

/**
 * Looks once a second whether a new minute has begun. Runs of that minute are recorded, then started;
 * a minute in which no controller runs is not made up for.
 */
export function startCron(deps: CronDeps): Cron {
  let lookedAtMs = 0
  /** What is due in the minute that was looked at, and neither started nor skipped yet. */
  let due: readonly Due[] = []
  let blocked: readonly Blocked[] = []
  let mustSettle = true
  const starter = new Starter(deps, () => (mustSettle = true))
  const settleAll = async (nowMs: number, signal: AbortSignal): Promise<void> => {
    let isSettled = false
    // A start that fails meanwhile asks for one more time.
    mustSettle = false
    try {
      isSettled = await settle(deps, starter, nowMs, signal)
    } finally {
      mustSettle ||= !isSettled
    }
  }
  const startDue = async (beganMs: number, signal: AbortSignal): Promise<void> => {
    if (beganMs !== lookedAtMs) {
      const next = await allDue(deps.store, new Date(beganMs))
      saySkipped(deps, blocked)
      due = next
      blocked = []
      lookedAtMs = beganMs
    }
    due = blocked = await startAll(deps, starter, due)
    due = blocked = await skipAll(deps, starter, blocked, signal)
  }
  const pass = async (signal: AbortSignal): Promise<void> => {
    const nowMs = deps.now().getTime()
    const beganMs = nowMs - (nowMs % minuteMs)
    const isNew = beganMs !== lookedAtMs
    try {
      // First: a run that is over stands in nobody's way. An engine that is down does not either.
      if (isNew || mustSettle) await settleAll(nowMs, signal)
    } finally {
      if (!signal.aborted) await startDue(beganMs, signal)
    }
  }
  const onError = (error: unknown): void => {
    if (error instanceof EngineError) deps.log.warn('engine.failed', { reason: error.message })
    else deps.log.error('cron.pass_failed', error)
  }
  const loop = startLoop(pass, { everyMs, onError })

  return {
    run: (where, number) => runNow(deps, starter, where, number),
    close: async () => {
      await loop.close()
      await starter.close()
    },
  }
}

async function runNow(
  deps: CronDeps,
  starter: Starter,
  where: Where,
  number: number,
): Promise<OneOffMade> {
  const app = where.app.name
  const serving = await servingDeployment(deps.store, where.environmentId)
  if (serving === undefined) throw failure('NOTHING_DEPLOYED', { app })
  const entries = JSON.parse(serving.cron) as CronEntry[]
  const entry = entries[number - 1]
  if (entry === undefined) throw failure('CRON_NOT_FOUND', { app, number })
  const claimed = await claim(deps, { ...where, entries }, { number, entry }, deps.now())
  if (claimed.kind === 'row') return starter.start(claimed.row, where.app)
  const reason = claimed.kind === 'skip' ? claimed.reason : 'it is about to be started'
  throw failure('CRON_RUNNING', { app, dyno: `${cronType}.${number}`, reason })
}
