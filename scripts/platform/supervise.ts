import { setTimeout as sleep } from 'node:timers/promises'
import { Program, programs } from './program.ts'
import type { ProgramName } from './program.ts'
import type { Platform } from './settings.ts'

/** The three programs of a platform on one host. */
export interface Supervisor {
  program(name: ProgramName): Program
  /** Ends the three programs; running apps stay. */
  stop(): Promise<void>
}

/** A program could not start; the message is its own last words. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

const startTimeoutMs = 20_000

/** Starts router, controller and builder and waits until each answers. Throws StartError. */
export async function supervise(platform: Platform): Promise<Supervisor> {
  const all = programs.map((name) => new Program(name, platform))
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((program) => program.stop()))
  }
  for (const program of all) program.start()
  try {
    await Promise.all(all.map(untilStarted))
  } catch (error) {
    await stop()
    throw error
  }
  return { program: (name) => all.find((program) => program.name === name) as Program, stop }
}

/** Every program logs `started` once it listens on all its ports, or says in a sentence why it cannot. */
async function untilStarted(program: Program): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    const words = program.lastWords()
    if (words.includes('"event":"started"')) return
    if (words.includes('error: ') && !program.isRunning) throw new StartError(words)
    if (Date.now() > deadline)
      throw new StartError(`error: The ${program.name} does not start.\n${words}`)
    await sleep(20)
  }
}
