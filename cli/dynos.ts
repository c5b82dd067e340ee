import { setTimeout as sleep } from 'node:timers/promises'
import { failure } from '#contract/error.ts'
import { listDynos } from '#contract/process.ts'
import type { Dyno } from '#contract/process.ts'
import type { Cli } from './cli.ts'

const everyMs = 400
const limitSeconds = 180

/** A copy that is being stopped looks crashed for a moment; one that stays so for this long is. */
const crashedTimes = 4

export interface Awaiting {
  readonly cli: Cli
  /** Processes whose crash means that it will not come to be as wanted. */
  readonly awaited: (dyno: Dyno) => boolean
}

/**
 * Asks what runs until it is as wanted. Throws TOO_SLOW after three minutes, and RELEASE_FAILED
 * when a process that is waited for has crashed.
 */
export async function untilDynos(
  app: string,
  isSettled: (dynos: readonly Dyno[]) => boolean,
  { cli, awaited }: Awaiting,
): Promise<void> {
  const untilMs = Date.now() + limitSeconds * 1000
  let crashes = 0
  while (Date.now() < untilMs) {
    const dynos = await cli.call(listDynos, { params: { app } })
    if (isSettled(dynos)) return
    const crashed = dynos.find((dyno) => dyno.state === 'crashed' && awaited(dyno))
    crashes = crashed === undefined ? 0 : crashes + 1
    if (crashed !== undefined && crashes >= crashedTimes) {
      throw failure('RELEASE_FAILED', { app, reason: `${crashed.name} crashed.` })
    }
    await sleep(everyMs, undefined, { signal: cli.signal })
  }
  const command = `app ps -a ${app}`
  throw failure('TOO_SLOW', { what: 'Starting the processes', seconds: limitSeconds, command })
}
