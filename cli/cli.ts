import type { Answer, CallOptions } from '#contract/call.ts'
import { exchange } from '#contract/call.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { failure, SlipwayError } from '#contract/error.ts'
import type { Environment } from '#lib/settings.ts'
import { accountAt, credentialsPath, defaultServer, readCredentials } from './credentials.ts'
import { withProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import { parseServer } from './server.ts'

/** What every command is given. */
export interface Cli {
  readonly env: Environment
  readonly home: string
  /** Where it was called. */
  readonly folder: string
  readonly screen: Screen
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly credentialsPath: string
  /** Address of the server: DEIS_URL, else the one last logged in to. */
  server(): Promise<string>
  /** Our token there; throws UNAUTHORIZED when there is none. */
  token(): Promise<string>
  /** Calls the server as who is logged in. Throws SERVER_UNREACHABLE, TOO_SLOW or what it answers. */
  call<E extends Endpoint>(target: E, options?: AskOptions<E>): Promise<ReplyOf<E>>
  /** As `call`, with the answer's headers. */
  exchange<E extends Endpoint>(target: E, options?: AskOptions<E>): Promise<Answer<E>>
}

export type AskOptions<E> = Omit<CallOptions<E>, 'signal'> & {
  /** How long an answer may take; DEIS_TIMEOUT or 30 unless told. */
  readonly seconds?: number
}

export type CliOptions = Pick<Cli, 'env' | 'home' | 'folder' | 'screen' | 'signal'>

export function openCli(options: CliOptions): Cli {
  const { env, screen, signal } = options
  const path = credentialsPath(env, options.home)

  const server = async (): Promise<string> =>
    parseServer(env['DEIS_URL'] || (await readCredentials(path)).server || defaultServer)

  const token = async (): Promise<string> => {
    const known = env['DEIS_TOKEN'] || (await accountAt(path, await server()))?.token
    if (known === undefined) throw failure('UNAUTHORIZED', {})
    return known
  }

  async function ask<E extends Endpoint>(target: E, asked: AskOptions<E> = {}): Promise<Answer<E>> {
    const peer = { url: await server(), token: await token() }
    return askServer(peer, target, { screen, signal, seconds: patience(env), ...asked })
  }

  return {
    ...options,
    credentialsPath: path,
    server,
    token,
    exchange: ask,
    call: async (target, asked) => (await ask(target, asked)).body,
  }
}

/** DEIS_TIMEOUT, in seconds. */
function patience(env: Environment): number {
  const seconds = Number(env['DEIS_TIMEOUT'])
  return seconds > 0 && seconds < 86_400 ? seconds : 30
}

export interface Server {
  readonly url: string
  readonly token?: string
}

/** One call with a deadline, and progress shown while it takes long. */
export async function askServer<E extends Endpoint>(
  server: Server,
  target: E,
  options: AskOptions<E> & Pick<Cli, 'screen' | 'signal'>,
): Promise<Answer<E>> {
  const { screen, signal, seconds = 30, ...rest } = options
  const peer = { ...server, program: 'server' }
  const timeout = AbortSignal.timeout(seconds * 1000)
  const asked = { ...rest, signal: AbortSignal.any([signal, timeout]) }
  try {
    return await withProgress(screen, `Waiting for ${server.url}`, () =>
      exchange(peer, target, asked as CallOptions<E>),
    )
  } catch (error) {
    if (timeout.aborted && !signal.aborted) throw tooSlow(server, seconds)
    throw unreachable(server, error)
  }
}

function tooSlow(server: Server, seconds: number): SlipwayError {
  return failure('TOO_SLOW', { what: `The server at ${server.url}`, seconds, command: 'app info' })
}

/** What the network threw has a cause; what the server answered has none and stays as it is. */
function unreachable(server: Server, error: unknown): unknown {
  const isOurs = error instanceof SlipwayError && error.code === 'UNAVAILABLE'
  if (!isOurs || !(error.cause instanceof Error)) return error
  const reason = reasonOf(error.cause)
  return failure('SERVER_UNREACHABLE', { server: server.url, reason }, { cause: error })
}

function reasonOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error
  return (cause as NodeJS.ErrnoException).code ?? cause.message
}
