import { PassThrough } from 'node:stream'
import type { Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type Docker from 'dockerode'
import { EngineError } from '#driver/driver.ts'
import type { CopySpec, OneOff } from '#driver/driver.ts'
import { exitOf, pathOf, signalContainer } from './container.ts'
import { makeCopy, startMade } from './copy.ts'
import { deal } from './demultiplex.ts'
import type { Site } from './site.ts'
import { discard } from './stop.ts'

export interface Terminal {
  readonly columns: number
  readonly rows: number
}

const closeDeadlineMs = 30_000
/** Exit code of a one-off that was removed while we waited: 128 + SIGKILL. */
const killed = 137

/** Starts a one-off with its streams attached. Whatever was made is removed when that fails. */
export async function attachCopy(
  site: Site,
  spec: CopySpec,
  terminal: Terminal | null,
  signal: AbortSignal,
): Promise<OneOff> {
  const close = (): Promise<void> =>
    discard(site, spec.name, true, AbortSignal.timeout(closeDeadlineMs))
  if (!(await makeCopy(site, spec, signal, interactive(terminal)))) {
    throw new EngineError(`The one-off ${spec.name} exists already.`, false)
  }
  try {
    const socket = await openStreams(site, spec.name, signal)
    await startMade(site, spec.name, signal)
    if (terminal !== null) await resize(site, spec.name, terminal, signal)
    return oneOff(site, spec.name, socket, terminal !== null, close)
  } catch (error) {
    await close()
    throw error
  }
}

/** Its streams are read by whoever attached: the engine keeps no copy of them in a log. */
function interactive(terminal: Terminal | null) {
  return (body: Docker.ContainerCreateOptions): Docker.ContainerCreateOptions => ({
    ...body,
    Tty: terminal !== null,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: { ...body.HostConfig, LogConfig: { Type: 'none', Config: {} } },
  })
}

function openStreams({ engine }: Site, name: string, signal: AbortSignal): Promise<Duplex> {
  const query = { stream: true, stdin: true, stdout: true, stderr: true }
  const path = `${pathOf(name)}/attach`
  return engine.hijack({ method: 'POST', path, query, doing: `attach to ${name}` }, signal)
}

function oneOff(
  site: Site,
  name: string,
  socket: Duplex,
  hasTerminal: boolean,
  close: () => Promise<void>,
): OneOff {
  const closing = new AbortController()
  const exit = exitOf(site, name, closing.signal).then((code) => code ?? killed)
  exit.catch(() => undefined) // whoever awaits it hears of it
  return {
    exit,
    stdin: inputTo(socket),
    ...outputFrom(socket, hasTerminal),
    resize: (columns, rows) => resize(site, name, { columns, rows }, deadline()),
    signal: (signalName) => signalContainer(site, name, signalName, deadline()),
    close: async () => {
      await close()
      closing.abort()
      socket.destroy()
    },
  }
}

function deadline(): AbortSignal {
  return AbortSignal.timeout(closeDeadlineMs)
}

// The socket closes when the one-off ends; what is written afterwards goes nowhere.
function inputTo(socket: Duplex): PassThrough {
  const stdin = new PassThrough()
  socket.on('error', () => stdin.destroy())
  stdin.on('error', () => undefined)
  stdin.pipe(socket)
  return stdin
}

function outputFrom(socket: Duplex, hasTerminal: boolean): { stdout: Readable; stderr: Readable } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const flow = hasTerminal
    ? pipeline(socket, stdout).finally(() => stderr.end())
    : deal(socket, { stdout, stderr })
  flow.catch(() => undefined) // a connection that breaks ends the streams; `exit` tells the rest
  return { stdout, stderr }
}

async function resize(
  { engine }: Site,
  name: string,
  { columns, rows }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const query = { w: columns, h: rows }
  const path = `${pathOf(name)}/resize`
  const asked = engine.ask({ method: 'POST', path, query, doing: `resize ${name}` }, signal)
  // A one-off that has just ended has no size.
  await asked.catch((error: unknown) => {
    if (!(error instanceof EngineError) || error.unreachable) throw error
  })
}
