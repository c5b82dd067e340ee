import type { HealthCheck } from '#contract/health-check.ts'
import type { Instance } from '#driver/driver.ts'
import type { FailedCheck } from './check.ts'
import { portOf, webType } from './copy.ts'
import { untilHealthy } from './health.ts'

/** The checks of copies, by name; a copy that is not among them has none. */
export type Checks = ReadonlyMap<string, readonly HealthCheck[]>

/** Knocks at `web` copies, and makes their checks, until they are healthy. */
export class Probes {
  readonly #healthy = new Map<string, number>()
  readonly #listening = new Map<string, number>()
  readonly #refusals = new Map<string, string>()
  readonly #failed = new Map<string, FailedCheck>()
  readonly #healthyAfterMs = new Map<string, number>()
  readonly #going = new Map<string, { readonly startedAtMs: number; readonly stop: () => void }>()
  readonly #kick: () => void

  /** @param kick asks for a pass, because something new is known */
  constructor(kick: () => void) {
    this.#kick = kick
  }

  /** Copies that are healthy, and the start of the run in which they were found so. */
  get healthy(): ReadonlyMap<string, number> {
    return this.#healthy
  }

  /** Copies that took connections, and the start of the run in which they did. */
  get listening(): ReadonlyMap<string, number> {
    return this.#listening
  }

  /** How the last try at a copy ended. */
  get refusals(): ReadonlyMap<string, string> {
    return this.#refusals
  }

  get failed(): ReadonlyMap<string, FailedCheck> {
    return this.#failed
  }

  /** How long after its start a copy was healthy; undefined when that was before our time. */
  healthyAfterMs(name: string): number | undefined {
    return this.#healthyAfterMs.get(name)
  }

  /** Takes a copy as healthy without asking it. */
  trust(name: string, startedAtMs: number): void {
    this.#healthy.set(name, startedAtMs)
  }

  /** Begins with copies that run and are not healthy yet; ends with those that do not run any more. */
  attend(running: ReadonlyMap<string, Instance>, checks: Checks): void {
    for (const [name, { startedAtMs }] of this.#going)
      if (running.get(name)?.startedAtMs !== startedAtMs) this.#end(name)
    for (const copy of running.values())
      if (copy.type === webType) this.#begin(copy, checks.get(copy.name) ?? [])
  }

  close(): void {
    for (const name of this.#going.keys()) this.#end(name)
  }

  #begin(instance: Instance, checks: readonly HealthCheck[]): void {
    const { name, address, startedAtMs } = instance
    if (address === null || this.#going.has(name)) return
    if (this.#healthy.get(name) === startedAtMs) return
    const stop = new AbortController()
    this.#going.set(name, { startedAtMs, stop: () => stop.abort() })
    const patient = { host: address, port: portOf(instance), startedAtMs, checks }
    const bedside = {
      refused: (reason: string) => void this.#refusals.set(name, reason),
      listens: () => void this.#listening.set(name, startedAtMs),
      failed: (failure: FailedCheck) => {
        this.#failed.set(name, failure)
        this.#kick()
      },
    }
    untilHealthy(patient, bedside, stop.signal).then(
      () => this.#pass(name, startedAtMs),
      () => undefined,
    )
  }

  #pass(name: string, startedAtMs: number): void {
    this.#healthy.set(name, startedAtMs)
    this.#healthyAfterMs.set(name, Date.now() - startedAtMs)
    this.#end(name)
    this.#kick()
  }

  #end(name: string): void {
    this.#going.get(name)?.stop()
    this.#going.delete(name)
  }
}
