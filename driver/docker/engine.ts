import type { Duplex, Readable } from 'node:stream'
import type Docker from 'dockerode'
import { engineError } from './errors.ts'

/** One call of the engine's HTTP API. */
interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, unknown>>
  /** Sent as JSON. */
  readonly body?: object
  /** Sent as it is. */
  readonly file?: Readable
  /** For the registry that the engine asks; goes in a header, and is logged by nobody. */
  readonly auth?: Readonly<Record<string, string>>
  /** What a failure prevents: `start slw-…`. */
  readonly doing: string
  /** For the whole answer of `ask`; one minute unless told otherwise. */
  readonly deadlineMs?: number
}

/** The engine at its socket. Every failure is an EngineError, or the reason of the signal. */
export interface Engine {
  /** Reads the whole answer as JSON. */
  ask<T = unknown>(request: Request, signal: AbortSignal): Promise<T>
  /** The answer's body as it comes; the signal ends it. */
  stream(request: Request, signal: AbortSignal): Promise<Readable>
  /** The connection itself, both ways; the signal covers its opening only. */
  hijack(request: Request, signal: AbortSignal): Promise<Duplex>
}

const minuteMs = 60_000

/** Loads the client (it takes half a second) and speaks to nobody yet. */
export async function openEngine(socketPath = '/var/run/docker.sock'): Promise<Engine> {
  const { default: Client } = await import('dockerode')
  // An undefined host keeps DOCKER_HOST of our own environment out of this.
  const client = new Client({ socketPath, host: undefined, protocol: 'http' })

  async function send<T>(request: Request, shape: Shape, signals: Signals): Promise<T> {
    try {
      signals.caller.throwIfAborted()
      return await dial<T>(client, request, { ...shape, abortSignal: signals.all })
    } catch (error) {
      signals.caller.throwIfAborted()
      throw engineError(request.doing, socketPath, signals.all.aborted ? signals.all.reason : error)
    }
  }

  return {
    ask: (request, caller) => send(request, {}, withDeadline(caller, request.deadlineMs)),
    stream: (request, caller) => send(request, { isStream: true }, { caller, all: caller }),
    hijack: async (request, caller) => {
      const opening = new AbortController()
      const give = (): void => opening.abort(caller.reason)
      caller.addEventListener('abort', give, { once: true })
      const timer = setTimeout(() => opening.abort(timeout()), minuteMs)
      try {
        return await send(request, { hijack: true }, { caller, all: opening.signal })
      } finally {
        clearTimeout(timer)
        caller.removeEventListener('abort', give)
      }
    },
  }
}

interface Signals {
  readonly caller: AbortSignal
  readonly all: AbortSignal
}

function withDeadline(caller: AbortSignal, deadlineMs = minuteMs): Signals {
  if (!Number.isFinite(deadlineMs)) return { caller, all: caller }
  return { caller, all: AbortSignal.any([caller, AbortSignal.timeout(deadlineMs)]) }
}

function timeout(): DOMException {
  return new DOMException('The operation timed out.', 'TimeoutError')
}

interface Shape {
  readonly isStream?: boolean
  readonly hijack?: boolean
  readonly abortSignal?: AbortSignal
}

type Dial = (options: object, done: (error: unknown, answer: unknown) => void) => void

// Below dockerode's methods, not through them: those write the whole body, config values included,
// into the URL as well, and some cannot be aborted.
function dial<T>(client: Docker, request: Request, shape: Shape): Promise<T> {
  const { method, path, query = {}, body = {}, file, auth } = request
  const modem = client.modem as { dial: Dial }
  const options = {
    ...shape,
    method,
    file,
    ...(auth === undefined ? {} : { authconfig: auth }),
    path: Object.keys(query).length > 0 ? `${path}?` : path,
    options: { _query: query, _body: body },
    statusCodes: { 101: true, 200: true, 201: true, 204: true },
  }
  return new Promise((resolve, reject) => {
    modem.dial(options, (error, answer) => (error ? reject(error as Error) : resolve(answer as T)))
  })
}

/** Who keeps control groups: the engine itself (`cgroupfs`) or `systemd`. */
export async function groupDriver(engine: Engine, signal: AbortSignal): Promise<string> {
  const request = { method: 'GET', path: '/info', doing: 'tell about itself' } as const
  return (await engine.ask<{ CgroupDriver: string }>(request, signal)).CgroupDriver
}
