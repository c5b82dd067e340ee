import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  requestOf,
  type CommandCheck,
  type HealthCheck,
  type TriedCheck,
} from '#contract/health-check.ts'
import { EngineError } from '#driver/driver.ts'
import { ask } from './ask.ts'
import { dueAtMs, fruitless, shortcoming } from './check.ts'
import { reasonOf, type Address } from './reach.ts'

/** A copy that is to be tried. */
export interface Tried extends Address {
  /**
   * Runs a command line in it; its exit code, null when it ran longer than that time. Throws EngineError
   * when the engine would not.
   */
  readonly exec: (command: string, timeoutMs: number, signal: AbortSignal) => Promise<number | null>
}

/** Waits until the first try of a check is due. */
export async function untilDue(
  check: HealthCheck,
  startedAtMs: number,
  signal: AbortSignal,
): Promise<void> {
  await sleep(Math.max(dueAtMs(check, startedAtMs) - Date.now(), 0), undefined, { signal })
}

/** One try of a check: null when it passed, else why not, for people to read. */
export async function tryOnce(
  check: TriedCheck,
  tried: Tried,
  signal: AbortSignal,
): Promise<string | null> {
  if (check.kind === 'command') return runOnce(check, tried, signal)
  const address = { host: tried.host, port: check.port ?? tried.port }
  if (check.kind === 'http') {
    const answer = await ask(check, address, signal)
    return typeof answer === 'string' ? fruitless(check, answer) : shortcoming(check, answer)
  }
  const reason = await knock(address, check.timeout_s * 1000, signal)
  return reason === null ? null : fruitless(check, reason)
}

/**
 * Connects from outside, as the router will; nothing is needed inside the image.
 *
 * Null when somebody accepted, else what happened: `connection refused`, `timeout`, or a code.
 */
export function knock(
  { host, port }: Address,
  ms: number,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    const end = (answer: string | null): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(ms, () => end('timeout'))
    socket.once('connect', () => end(null))
    socket.once('error', (error) => end(reasonOf(error)))
  })
}

const enginePauseMs = 1000

/** What the engine would not run says nothing of the copy, and is run again: no try is used up. */
async function runOnce(
  check: CommandCheck,
  tried: Tried,
  signal: AbortSignal,
): Promise<string | null> {
  for (;;) {
    try {
      const code = await tried.exec(check.command, check.timeout_s * 1000, signal)
      if (code === null) return fruitless(check, 'timeout')
      return code === 0 ? null : `${requestOf(check)} ended with exit code ${code}`
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof EngineError)) throw error
    }
    await sleep(enginePauseMs, undefined, { signal })
  }
}
