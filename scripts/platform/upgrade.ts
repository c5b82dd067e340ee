import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SettingError } from '#lib/settings.ts'
import { StartError } from './process.ts'
import type { Platform } from './settings.ts'
import type { Supervisor } from './supervise.ts'
import { runningSupervisor } from './supervisor-pid.ts'

/** Tells the supervisor to upgrade the router. */
export const upgradeSignal = 'SIGUSR2'

const waitMs = 60_000

/**
 * Replaces the running router by one of the code as it is now, without losing a connection. Throws
 * StartError with the words of the new one when it cannot start: the old one serves on.
 */
export async function upgrade(platform: Platform, name = 'router'): Promise<void> {
  if (name !== 'router') {
    throw new SettingError('Only the router is upgraded in place; the others may be restarted.')
  }
  const pid = runningSupervisor(platform.stateDir)
  if (pid === null) throw new SettingError('Slipway does not run with this state folder.')
  const path = outcomePath(platform)
  rmSync(path, { force: true })
  process.kill(pid, upgradeSignal)
  for (const deadline = Date.now() + waitMs; !existsSync(path); await sleep(50)) {
    if (Date.now() > deadline) throw new StartError('error: The supervisor does not answer.')
  }
  const words = readFileSync(path, 'utf8')
  if (words !== '') throw new StartError(words)
  console.error('-----> The router is another process now; the old one ends with its last request')
}

/** The supervisor's side: does it, and leaves a file with what went wrong, empty when nothing did. */
export async function upgradeWhenTold(
  platform: Platform,
  supervisor: () => Supervisor | null,
): Promise<void> {
  const path = outcomePath(platform)
  const outcome = await outcomeOf(supervisor())
  writeFileSync(`${path}.new`, outcome)
  renameSync(`${path}.new`, path)
}

async function outcomeOf(supervisor: Supervisor | null): Promise<string> {
  if (supervisor === null) return 'error: Slipway is just starting or stopping.'
  try {
    await supervisor.program('router').replace()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function outcomePath({ stateDir }: Platform): string {
  return join(stateDir, 'upgrade.outcome')
}
