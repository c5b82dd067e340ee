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
  const listing = ['ps', '--quiet', '--filter', `label=slipway.instance=${platform.instance}`]
  const running = execFileSync('docker', listing, { encoding: 'utf8' }).split('\n').filter(Boolean)
  if (running.length > 0) {
    execFileSync('docker', ['stop', '--time', '30', ...running], { stdio: 'ignore' })
  }
  console.error(`-----> Stopped; ${running.length} containers of apps ended`)
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
