import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program could not start; the message is its own last words. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

export interface ProcessOptions {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where all it writes goes. */
  readonly logPath: string
  /** Descriptors it gets, from 3 on. */
  readonly fds: readonly number[]
}

const startTimeoutMs = 20_000

/** One run of a program. */
export class Process {
  readonly #child: ChildProcess
  readonly #logPath: string
  readonly #logStart: number
  /** Resolves when it is no more. */
  readonly ended: Promise<void>

  constructor({ args, env, logPath, fds }: ProcessOptions) {
    const log = openSync(logPath, 'a', 0o600)
    this.#logPath = logPath
    this.#logStart = statSync(logPath).size
    const child = spawn(process.execPath, args, {
      env,
      stdio: ['ignore', log, log, ...fds],
      // A group of its own: Ctrl-C reaches it through us, in order, and once.
      detached: true,
    })
    closeSync(log)
    this.#child = child
    this.ended = new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** It ended by itself and in order. */
  get hasLeft(): boolean {
    return this.#child.exitCode === 0
  }

  /** Asks it to end, and insists after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#child.kill('SIGTERM')
    const late = setTimeout(() => this.kill(), graceMs)
    await this.ended
    clearTimeout(late)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** What was written since it was started: where a program says why it cannot start. */
  words(): string {
    return readFileSync(this.#logPath).subarray(this.#logStart).toString('utf8').trim()
  }
}

/**
 * Every program logs `started` once it listens on all its ports, or says in a sentence why it cannot.
 * Throws StartError. `present` is the run that counts at the time.
 */
export async function untilStarted(
  name: string,
  present: () => Process,
  signal?: AbortSignal,
): Promise<void> {
  for (const deadline = Date.now() + startTimeoutMs; signal?.aborted !== true; await sleep(20)) {
    const run = present()
    const words = run.words()
    if (words.includes('"event":"started"')) return
    if (words.includes('error: ') && !run.isRunning) throw new StartError(words)
    if (Date.now() > deadline) throw new StartError(`error: The ${name} does not start.\n${words}`)
  }
}
