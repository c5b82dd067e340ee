import { SlipwayError } from '#contract/error.ts'
import { dynoName, oneOffType } from '#controller/deploy/copy.ts'
import type { OneOffMade } from '#controller/run/runs.ts'
import { endCronRun, openCronRuns, startCronRun } from '#controller/store/cron-runs.ts'
import type { AppRow, CronRunRow } from '#controller/store/tables.ts'
import { EngineError } from '#driver/driver.ts'
import { openTurns } from '#lib/turns.ts'
import type { CronDeps } from './deps.ts'
import { isOf } from './judge.ts'

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
    const { signal } = this.#closing
    const start = (): Promise<unknown> => this.#start(row, app, signal)
    const work = this.#takeTurn(lane, start).catch((error: unknown) => this.#fail(row, error))
    this.#keep(row, work)
  }

  /** Starts it now; one that cannot be started has ended. Throws what the engine threw. */
  async start(row: CronRunRow, app: AppRow): Promise<OneOffMade> {
    const { signal } = this.#closing
    const work = this.#start(row, app, signal).catch(async (error: unknown) => {
      if (!signal.aborted) await this.#drop(row)
      throw error
    })
    this.#keep(row, work)
    return work
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

  async #start(row: CronRunRow, app: AppRow, signal: AbortSignal): Promise<OneOffMade> {
    const { runs, store, now } = this.#deps
    if (row.replaces === 1) await this.#stopOthers(row, signal)
    const { environment_id, command, name, number: index } = row
    const request = { ...alone, command, as: { name, index } }
    const made = await runs.start(app, environment_id, request, signal)
    this.#troubles.delete(name)
    await startCronRun(store, name, now().toISOString())
    return made
  }

  async #stopOthers(row: CronRunRow, signal: AbortSignal): Promise<void> {
    const { store, fleet, logs, settings } = this.#deps
    const open = await openCronRuns(store, row.environment_id)
    const others = open.filter((other) => isOf(other, row) && other.name !== row.name)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(settings.graceMs + stopMs)])
    for (const other of others) {
      logs.event(row.environment_id, nameOf(other), 'is stopped, since the next run is due')
      await fleet.stop(other.name, settings.graceMs, limit)
    }
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

/** `cron.1` */
function nameOf({ name, number: index }: Pick<CronRunRow, 'name' | 'number'>): string {
  return dynoName({ name, type: oneOffType, index })
}
