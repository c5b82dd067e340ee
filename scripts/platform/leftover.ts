import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProgramName } from './program.ts'
import type { Platform } from './settings.ts'

export function pidFile(name: ProgramName, { stateDir }: Platform): string {
  mkdirSync(join(stateDir, 'pids'), { recursive: true, mode: 0o700 })
  return join(stateDir, 'pids', name)
}

/** Ends what a killed supervisor left running, only when it is surely ours: same program, same state. */
export function endLeftover(name: ProgramName, platform: Platform): void {
  const pid = Number(readOr(pidFile(name, platform), ''))
  if (!(pid > 1) || !isOurs(pid, name, platform)) return
  process.kill(pid, 'SIGKILL')
  for (let tries = 0; tries < 100 && isOurs(pid, name, platform); tries += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

function isOurs(pid: number, name: ProgramName, { stateDir }: Platform): boolean {
  const words = readOr(`/proc/${pid}/cmdline`, '').split('\0')
  const env = readOr(`/proc/${pid}/environ`, '').split('\0')
  return (
    words.some((word) => word.endsWith(`${name}/main.ts`)) &&
    env.includes(`SLIPWAY_STATE=${stateDir}`)
  )
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return fallback
  }
}
