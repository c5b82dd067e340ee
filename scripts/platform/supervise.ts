import type { HeldSocket } from '#lib/held-socket.ts'
import { SettingError } from '#lib/settings.ts'
import { endLeftover } from './leftover.ts'
import { StartError } from './process.ts'
import { Program, programs } from './program.ts'
import type { ProgramName } from './program.ts'
import type { Platform } from './settings.ts'
import { closeAll, openRouterSockets } from './sockets.ts'

/** The three programs of a platform on one host. */
export interface Supervisor {
  program(name: ProgramName): Program
  /** Ends the three programs; running apps stay. */
  stop(): Promise<void>
}

/** Starts router, controller and builder and waits until each answers. Throws StartError. */
export async function supervise(platform: Platform): Promise<Supervisor> {
  for (const name of programs) endLeftover(name, platform)
  const sockets = await openSockets(platform)
  const all = programs.map(
    (name) => new Program(name, platform, name === 'router' ? sockets : new Map()),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((program) => program.stop()))
    closeAll(sockets)
  }
  try {
    await Promise.all(all.map((program) => program.started()))
  } catch (error) {
    await stop()
    throw error
  }
  return { program: (name) => all.find((program) => program.name === name) as Program, stop }
}

async function openSockets(platform: Platform): Promise<ReadonlyMap<string, HeldSocket>> {
  try {
    return await openRouterSockets(platform)
  } catch (error) {
    if (error instanceof SettingError) throw new StartError(`error: ${error.message}`)
    throw error
  }
}
