import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listens } from '#scripts/bench/listens.ts'

/** The proxies have the first core; what asks them and what answers behind them share the second. */
export const proxyCore = 0
export const loadCore = 1

const stopMs = 12_000

export interface Program {
  readonly pid: number
  /** All that it wrote, to either output. */
  output(): string
  /** Resolves when it has ended; asks first. */
  stop(): Promise<void>
  /** Its standard input ends. */
  release(): void
}

interface Start {
  readonly core: number
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a program that stays, on one core. */
export function start({ core, command, args, env = {} }: Start): Program {
  const child = spawnPinned({ core, command, args, env })
  let output = ''
  const note = (text: string): void => void (output = (output + text).slice(-1_000_000))
  child.on('error', (error) => note(error.message))
  child.stdout?.setEncoding('utf8').on('data', note)
  child.stderr?.setEncoding('utf8').on('data', note)
  return {
    pid: child.pid ?? NaN,
    output: () => output,
    stop: () => stop(child),
    release: () => void child.stdin?.end(),
  }
}

/** Runs a program to its end and gives what it wrote. Throws when it fails. */
export async function run(what: Start, signal: AbortSignal): Promise<string> {
  const child = spawnPinned(what)
  const giveUp = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', giveUp)
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => void (output += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => void (output += text))
  const code = await ended(child)
  signal.removeEventListener('abort', giveUp)
  signal.throwIfAborted()
  if (code !== 0) throw new Error(`${what.command} ${what.args.join(' ')} failed: ${output}`)
  return output
}

/** Node has raised its own limit of open files as far as it may; what it starts inherits that. */
function spawnPinned({ core, command, args, env }: Start): ChildProcess {
  return spawn('taskset', ['-c', String(core), command, ...args], {
    env: { ...process.env, ...env },
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const end = ended(child)
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await end
  clearTimeout(late)
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Throws with what the program said when nothing listens within 10 s. */
export async function untilItListens(port: number, program: Program): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await listens(port)) return
    await sleep(50)
  }
  throw new Error(`nothing listens on ${port}: ${program.output()}`)
}
