import type { Instance } from '#driver/driver.ts'
import { patientOf, type Cares } from './care.ts'
import type { FailedCheck } from './check.ts'
import { webType } from './copy.ts'
import { untilHealthy, type Patient } from './health.ts'
import { Vigils } from './vigils.ts'

/** Knocks at `web` copies, and makes their checks, until they are healthy. */
export class Probes {
  readonly #healthy = new Map<string, number>()
  readonly #listening = new Map<string, number>()
  readonly #refusals = new Map<string, string>()
  readonly #failed = new Map<string, FailedCheck>()
  readonly #healthyAfterMs = new Map<string, number>()
  readonly #vigils = new Vigils()
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
  attend(running: ReadonlyMap<string, Instance>, cares: Cares): void {
    this.#vigils.endOthers(running)
    for (const copy of running.values()) {
      const patient = patientOf(copy, cares)
      if (patient === null || copy.type !== webType) continue
      if (this.#healthy.get(copy.name) === copy.startedAtMs) continue
      this.#vigils.begin(copy, (signal) => this.#nurse(copy.name, patient, signal))
    }
  }

  close(): void {
    this.#vigils.close()
  }

  async #nurse(name: string, patient: Patient, signal: AbortSignal): Promise<void> {
    const { startedAtMs } = patient
    const bedside = {
      refused: (reason: string) => void this.#refusals.set(name, reason),
      listens: () => void this.#listening.set(name, startedAtMs),
      failed: (failure: FailedCheck) => {
        this.#failed.set(name, failure)
        this.#kick()
      },
    }
    await untilHealthy(patient, bedside, signal)
    this.#healthy.set(name, startedAtMs)
    this.#healthyAfterMs.set(name, Date.now() - startedAtMs)
    this.#kick()
  }
}
