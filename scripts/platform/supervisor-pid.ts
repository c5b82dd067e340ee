import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Pid of the supervisor of a state folder; null when none runs. */
export function runningSupervisor(stateDir: string): number | null {
  const path = pathIn(stateDir)
  const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  return isSupervisor(pid) ? pid : null
}

/** Says that this process is it. */
export function becomeSupervisor(stateDir: string): void {
  writeFileSync(pathIn(stateDir), String(process.pid))
}

export function forgetSupervisor(stateDir: string): void {
  rmSync(pathIn(stateDir), { force: true })
}

function pathIn(stateDir: string): string {
  return join(stateDir, 'supervisor.pid')
}

function isSupervisor(pid: number): boolean {
  try {
    return pid > 1 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('platform/main.ts')
  } catch {
    return false
  }
}
