import type { Connection, ServerChannel, Session } from 'ssh2'
import { isProtocolVersion, parseCommand, type Command } from './command.ts'
import type { Identity, User } from './authentication.ts'
import { isRemote, type RemoteRequest } from './remote/serve.ts'

/** A command of a user, on a channel of its own. */
export interface Request {
  readonly command: Command
  readonly user: User
  readonly channel: ServerChannel
  /** What git shall find in GIT_PROTOCOL. */
  readonly protocol: string | null
  /** Aborts when the other side is gone. */
  readonly gone: AbortSignal
}

/** Both resolve with the exit code for the channel, and must not reject. */
export interface Services {
  /** Serves a request of git. */
  readonly serve: (request: Request) => Promise<number>
  /** Runs one of our own commands. */
  readonly run: (request: RemoteRequest) => Promise<number>
}

const channels = 10

/** Answers the sessions of a connection: our commands, and a sentence to all else. */
export function serveSessions(
  connection: Connection,
  identity: Identity,
  services: Services,
): void {
  let open = 0
  connection.on('session', (accept, reject) => {
    if (open >= channels) return reject()
    open += 1
    const session = accept()
    session.once('close', () => (open -= 1))
    return serveSession(connection, session, identity, services)
  })
}

function serveSession(
  connection: Connection,
  session: Session,
  identity: Identity,
  { serve, run }: Services,
): void {
  let protocol: string | null = null
  session.on('env', (accept, reject, { key, val }) => {
    if (!isProtocolVersion(key, val)) return reject?.()
    protocol = val
    return accept?.()
  })
  session.once('shell', (accept) => refuse(accept(), greeting(identity)))
  session.once('exec', (accept, _reject, info) => {
    const channel = accept()
    channel.on('error', () => undefined)
    if (identity.kind === 'unknown') return refuse(channel, sorry(identity))
    const gone = goneSignal(connection, channel)
    const { user } = identity
    const line = info.command
    if (isRemote(line)) {
      return void run({ line, user, channel, gone }).then((code) => finish(channel, code))
    }
    const command = parseCommand(line)
    if (command === null) return refuse(channel, notOurs)
    const request = { command, user, channel, protocol, gone }
    return void serve(request).then((code) => finish(channel, code))
  })
}

const notOurs: Lines = [
  'error: Slipway does not know this command.',
  'hint: Git push, fetch and clone work here, and a few commands: ssh git@HOST help',
]

type Lines = readonly string[]

function greeting(identity: Identity): Lines {
  if (identity.kind === 'unknown') return sorry(identity)
  return [
    `Hi ${identity.user.email}! Slipway has no shell. Push with: git push deis main`,
    'To run a command in an app: app run bash -a APP',
  ]
}

function sorry({ reason }: Extract<Identity, { kind: 'unknown' }>): Lines {
  return [`error: ${reason.message}`, `hint: ${reason.hint}`]
}

function refuse(channel: ServerChannel, lines: Lines): void {
  for (const line of lines) channel.stderr.write(`${line}\r\n`)
  finish(channel, 1)
}

function finish(channel: ServerChannel, code: number): void {
  if (!channel.writable) return
  channel.exit(code)
  channel.end()
}

function goneSignal(connection: Connection, channel: ServerChannel): AbortSignal {
  const gone = new AbortController()
  const leave = (): void => gone.abort(new Error('the pusher is gone'))
  connection.once('close', leave)
  channel.once('close', leave)
  return gone.signal
}
