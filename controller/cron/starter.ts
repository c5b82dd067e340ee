import { SlipwayError } from '#contract/error.ts'
import { dynoName, oneOffType } from '#controller/deploy/copy.ts'
import type { OneOffMade } from '#controller/run/runs.ts'
import {
  cronRunNamed,
  endCronRun,
  openCronRuns,
  startCronRun,
} from '#controller/store/cron-runs.ts'
import type { AppRow, CronRunRow } from '#controller/store/tables.ts'
import { EngineError } from '#driver/driver.ts'
import { openTurns } from '#lib/turns.ts'
import type { CronDeps } from './deps.ts'
import { isLate, isOf } from './judge.ts'

/** Starts side by side: at midnight many are due. */
const lanes = 4
const stopMs = 30_000

/** Starts runs that are on record. */
export class Starter {
  readonly #deps: CronDeps
  readonly #onFailure: () => void
  readonly #closing = new AbortController()
  readonly #takeTurn = openTurns()
  /** By name: those that are being started, or wait for it. */
  readonly #starting = new Map<string, Promise<unknown>>()
  /** By name: why it could not be started yet. */
  readonly #troubles = new Map<string, string>()
  #turns = 0

  /** @param onFailure told when one that was to start soon could not be started */
  constructor(deps: CronDeps, onFailure: () => void) {
    this.#deps = deps
    this.#onFailure = onFailure
  }

  isStarting(name: string): boolean {
    return this.#starting.has(name)
  }

  /** Starts it in its turn; one that cannot be started stays on record. */
  startSoon(row: CronRunRow, app: AppRow): void {
    const lane = `${(this.#turns += 1) % lanes}`
    const start = async (): Promise<void> => {
      if (await this.#mayStart(row)) await this.#start(row, app)
    }
    // What it replaces may take its time to stop, and keeps no lane meanwhile.
    const wait = async (): Promise<void> => {
      if (!(await this.#mayStart(row))) return
      await this.#stopOthers(row)
      await this.#takeTurn(lane, start)
    }
    const work = this.#takeTurn(entryOf(row), wait)
    const done = work.catch((error: unknown) => this.#fail(row, error))
    this.#keep(row, done)
  }

  /** Starts it now; one that cannot be started has ended. Throws what the engine threw. */
  async start(row: CronRunRow, app: AppRow): Promise<OneOffMade> {
    const start = async (): Promise<OneOffMade> => {
      await this.#stopOthers(row)
      return this.#start(row, app)
    }
    const work = this.#takeTurn(entryOf(row), start).catch(async (error: unknown) => {
      if (!this.#closing.signal.aborted) await this.#drop(row)
      throw error
    })
    this.#keep(row, work)
    return work
  }

  /** It was started after all. */
  forget(name: string): void {
    this.#troubles.delete(name)
  }

  /** Says why it was not started, and that it has ended. */
  async giveUp(row: CronRunRow): Promise<void> {
    const { logs } = this.#deps
    const why = this.#troubles.get(row.name) ?? 'the platform was down'
    const text =
      row.started_at === null ? `was not started: ${why}` : 'is gone, and nobody saw how it ended'
    logs.event(row.environment_id, nameOf(row), text)
    await this.#end(row)
  }

  /** What has not been started by now is started by the next controller, if that comes in time. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#starting.values())
  }

  #keep({ name }: CronRunRow, work: Promise<unknown>): void {
    const kept = work.then(
      () => undefined,
      () => undefined,
    )
    this.#starting.set(name, kept)
    void kept.then(() => this.#starting.delete(name))
  }

  /** Whether it has neither ended while it waited nor come too late; that one is given up. */
  async #mayStart(row: CronRunRow): Promise<boolean> {
    const { store, now } = this.#deps
    this.#closing.signal.throwIfAborted()
    if ((await cronRunNamed(store, row.name))?.ended_at !== null) return false
    if (!isLate(row, now().getTime())) return true
    if (!this.#troubles.has(row.name)) this.#troubles.set(row.name, 'earlier runs took too long')
    this.#onFailure()
    return false
  }

  async #start(row: CronRunRow, app: AppRow): Promise<OneOffMade> {
    const { runs, store, now } = this.#deps
    const { environment_id, command, name, number: index } = row
    const request = { ...alone, command, as: { name, index } }
    const made = await runs.start(app, environment_id, request, this.#closing.signal)
    this.#troubles.delete(name)
    await startCronRun(store, name, now().toISOString())
    return made
  }

  /** Stops the earlier ones that it replaces. */
  async #stopOthers(row: CronRunRow): Promise<void> {
    if (row.replaces !== 1) return
    const { store, settings } = this.#deps
    const open = await openCronRuns(store, row.environment_id)
    const earlier = open.filter((other) => isOf(other, row) && other.due_at < row.due_at)
    const limit = AbortSignal.timeout(settings.graceMs + stopMs)
    const signal = AbortSignal.any([this.#closing.signal, limit])
    await Promise.all(earlier.map((other) => this.#stop(other, signal)))
  }

  async #stop(row: CronRunRow, signal: AbortSignal): Promise<void> {
    const { fleet, logs, runs, settings } = this.#deps
    logs.event(row.environment_id, nameOf(row), 'is stopped, since the next run is due')
    await fleet.stop(row.name, settings.graceMs, signal)
    // Nobody else would, of one that was never started; it must not be started later.
    if (!runs.isWatched(row.name)) await this.#end(row)
  }

  /** The engine may have made it after all, or make it still. */
  async #drop(row: CronRunRow): Promise<void> {
    const { fleet, log } = this.#deps
    await fleet.stop(row.name, 0, AbortSignal.timeout(stopMs)).catch((error: unknown) => {
      log.warn('cron.not_dropped', { run: row.name, reason: String(error) })
    })
    await this.#end(row)
  }

  async #end({ name }: CronRunRow): Promise<void> {
    this.#troubles.delete(name)
    const ended_at = this.#deps.now().toISOString()
    await endCronRun(this.#deps.store, name, { ended_at, exit_code: null })
  }

  #fail(row: CronRunRow, error: unknown): void {
    if (this.#closing.signal.aborted) return
    const { log } = this.#deps
    const isKnown = error instanceof EngineError || error instanceof SlipwayError
    this.#troubles.set(row.name, isKnown ? error.message : 'the platform failed')
    log.error('cron.start_failed', error, { run: row.name })
    this.#onFailure()
  }
}

/** Of a one-off without a terminal. */
const alone = { env: {}, terminal: null, isAttached: false, timeToLiveMs: undefined }

/** Runs of one entry are started one after another, for one may replace the other. */
function entryOf({ environment_id, schedule, command }: CronRunRow): string {
  return `${environment_id} ${schedule} ${command}`
}

/** `cron.1` */
function nameOf({ name, number: index }: Pick<CronRunRow, 'name' | 'number'>): string {
  return dynoName({ name, type: oneOffType, index })
}
