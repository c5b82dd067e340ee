import { setTimeout as sleep } from 'node:timers/promises'
import type { HealthCheck } from '#contract/health-check.ts'
import type { FailedCheck } from './check.ts'
import type { Address } from './reach.ts'
import { knock, tryOnce, untilDue, type Tried } from './try.ts'

/** One try may take this long before it counts as `timeout`. */
const tryMs = 1000
const firstPauseMs = 5
const growth = 1.1
const longestPauseMs = 250

/**
 * Knocks until somebody answers: at once, after 5 ms, then after a tenth longer each time, up to 250 ms.
 * So an app is found when it has listened for a twentieth of its start, and a slow one is not hammered.
 */
async function untilAnswers(
  address: Address,
  onRefusal: (reason: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * growth, longestPauseMs)) {
    const refusal = await knock(address, tryMs, signal)
    signal.throwIfAborted()
    if (refusal === null) return
    onRefusal(refusal)
    await sleep(pauseMs, undefined, { signal })
  }
}

/** A copy that is to become healthy. */
export interface Patient extends Tried {
  readonly startedAtMs: number
  readonly checks: readonly HealthCheck[]
}

/** Who is told how it goes. */
export interface Bedside {
  /** A try that did not pass, and why. */
  readonly refused: (reason: string) => void
  /** It takes connections: its checks begin. */
  readonly listens: () => void
  /** A check has no try left. It goes on, since what serves already is never given up. */
  readonly failed: (failure: FailedCheck) => void
}

/** Waits until a copy takes connections, and passes all of its checks, which go on side by side. */
export async function untilHealthy(
  patient: Patient,
  bedside: Bedside,
  signal: AbortSignal,
): Promise<void> {
  await untilAnswers(patient, bedside.refused, signal)
  bedside.listens()
  await Promise.all(patient.checks.map((check) => untilPassed(check, patient, bedside, signal)))
}

async function untilPassed(
  check: HealthCheck,
  patient: Patient,
  bedside: Bedside,
  signal: AbortSignal,
): Promise<void> {
  const { startedAtMs } = patient
  await untilDue(check, startedAtMs, signal)
  if (check.kind === 'uptime') return
  for (let tries = 1; ; tries += 1) {
    const last = await tryOnce(check, patient, signal)
    signal.throwIfAborted()
    if (last === null) return
    bedside.refused(last)
    if (tries === check.attempts) bedside.failed({ check, last, startedAtMs })
    await sleep(check.wait_s * 1000, undefined, { signal })
  }
}
