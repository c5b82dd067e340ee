import { setTimeout as sleep } from 'node:timers/promises'
import type { TriedCheck } from '#contract/health-check.ts'
import type { Instance } from '#driver/driver.ts'
import { patientOf, type Cares } from './care.ts'
import type { FailedCheck } from './check.ts'
import type { Patient } from './health.ts'
import { tryOnce, untilDue } from './try.ts'
import { Vigils } from './vigils.ts'

/** Makes the liveness checks of copies that serve, until one has failed as often as it may. */
export class Liveness {
  readonly #vigils = new Vigils()
  readonly #onFailed: (copy: Instance, failure: FailedCheck) => void

  /** @param onFailed is told once of a run of a copy; its checks end with that */
  constructor(onFailed: (copy: Instance, failure: FailedCheck) => void) {
    this.#onFailed = onFailed
  }

  /** Begins with those of these copies that have such checks; ends with all others. */
  attend(copies: readonly Instance[], cares: Cares): void {
    const liveness = ({ name }: Instance): readonly TriedCheck[] => cares.get(name)?.liveness ?? []
    const some = copies.filter((copy) => liveness(copy).length > 0)
    this.#vigils.endOthers(new Map(some.map((copy) => [copy.name, copy])))
    for (const copy of some) {
      const patient = patientOf(copy, cares)
      if (patient === null) continue
      this.#vigils.begin(copy, async (signal) => {
        const failures = liveness(copy).map((check) => untilFailed(check, patient, signal))
        this.#onFailed(copy, await Promise.race(failures))
      })
    }
  }

  close(): void {
    this.#vigils.close()
  }
}

/** Waits until a check has failed as many times in a row as it has tries. */
async function untilFailed(
  check: TriedCheck,
  patient: Patient,
  signal: AbortSignal,
): Promise<FailedCheck> {
  const { startedAtMs } = patient
  await untilDue(check, startedAtMs, signal)
  for (let inRow = 0; ;) {
    const last = await tryOnce(check, patient, signal)
    signal.throwIfAborted()
    inRow = last === null ? 0 : inRow + 1
    if (last !== null && inRow >= check.attempts) return { check, last, startedAtMs }
    await sleep(check.wait_s * 1000, undefined, { signal })
  }
}
