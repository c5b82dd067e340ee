import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { endLeftover } from './leftover.ts'
import { programs } from './program.ts'
import type { Platform } from './settings.ts'
import { forgetSupervisor, runningSupervisor } from './supervisor-pid.ts'

/** Ends the three programs and then the running apps; `make run` brings both back. */
export async function stop(platform: Platform): Promise<void> {
  await stopSupervisor(platform)
  for (const name of programs) endLeftover(name, platform)
  const running = containersOf(platform)
  if (running.length > 0) stopContainers(running, platform)
  console.error(`-----> Stopped; ${running.length} containers of apps ended`)
}

function containersOf({ instance }: Platform): string[] {
  const listing = ['ps', '--quiet', '--filter', `label=slipway.instance=${instance}`]
  return execFileSync('docker', listing, { encoding: 'utf8' }).split('\n').filter(Boolean)
}

/** One that went by itself meanwhile is an error to the engine, and none to us. */
function stopContainers(ids: readonly string[], platform: Platform): void {
  try {
    execFileSync('docker', ['stop', '--time', '30', ...ids], { stdio: 'ignore' })
  } catch (error) {
    if (containersOf(platform).length > 0) throw error
  }
}

async function stopSupervisor({ stateDir }: Platform): Promise<void> {
  const pid = runningSupervisor(stateDir)
  if (pid === null) return
  process.kill(pid, 'SIGTERM')
  for (let tries = 0; tries < 300 && runningSupervisor(stateDir) === pid; tries += 1) {
    await sleep(100)
  }
  forgetSupervisor(stateDir)
}
