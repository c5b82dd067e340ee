import { once } from 'node:events'
import type { ServerChannel } from 'ssh2'
import { logOut } from '#contract/account.ts'
import type { CallOptions, Peer } from '#contract/call.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { openSession } from '#contract/ssh.ts'
import type { Log } from '#lib/log.ts'
import { ask } from '#builder/ask.ts'
import type { User } from '#builder/receive/authentication.ts'
import { sentenceOf } from '#builder/receive/sentence.ts'
import type { Asking } from './asking.ts'
import { remoteCommands } from './commands.ts'
import { parseRemote } from './parse.ts'
import { table } from './table.ts'

/** A line somebody typed behind `ssh git@HOST`. */
export interface RemoteRequest {
  readonly line: string
  readonly user: User
  readonly channel: ServerChannel
  readonly gone: AbortSignal
}

export interface RemoteTools {
  readonly controller: Peer
  readonly log: Log
}

/** Runs a remote command as the user who asks; the exit code for its channel. Never rejects. */
export async function serveRemote(request: RemoteRequest, tools: RemoteTools): Promise<number> {
  const { channel, gone, user } = request
  try {
    const parsed = parseRemote(request.line)
    if (parsed === null) return 1
    const print = printerTo(channel, gone)
    if (parsed.kind === 'help') {
      for (const line of helpLines()) await print(line)
      return 0
    }
    const { command, typed } = parsed
    await asUser(tools.controller, user, gone, (peer) =>
      command.run(askingAs(peer, user, channel, gone), typed),
    )
    return 0
  } catch (error) {
    if (gone.aborted) return 1
    const { error: message, hint } = sentenceOf(error, tools.log)
    channel.stderr.write(`error: ${message}\r\nhint: ${hint}\r\n`)
    return 1
  }
}

/** Whether a line begins with a command of ours. */
export function isRemote(line: string): boolean {
  const name = line.split(/\s/, 1)[0] ?? ''
  return name === 'help' || Object.hasOwn(remoteCommands, name)
}

function helpLines(): string[] {
  const rows = Object.entries(remoteCommands).map(([name, { usage, summary }]) => [
    `${name} ${usage}`.trim(),
    summary,
  ])
  return table(['COMMAND', ''], rows)
}

/** What is done in the user's name is done with a token of theirs, which ends with the command. */
async function asUser(
  controller: Peer,
  user: User,
  gone: AbortSignal,
  work: (peer: Peer) => Promise<void>,
): Promise<void> {
  const { token } = await ask(controller, openSession, { body: { user: user.id } }, gone)
  const peer = { ...controller, token }
  try {
    await work(peer)
  } finally {
    // It expires by itself if nobody hears this.
    await ask(peer, logOut, {}, AbortSignal.timeout(5000)).catch(() => undefined)
  }
}

const callMs = 60_000

function askingAs(peer: Peer, user: User, channel: ServerChannel, gone: AbortSignal): Asking {
  return {
    email: user.email,
    call: <E extends Endpoint>(endpoint: E, options: CallOptions<E> = {}): Promise<ReplyOf<E>> =>
      ask(peer, endpoint, options, gone, callMs),
    print: printerTo(channel, gone),
    copy: (url) => copyTo(channel, ownAddress(peer, url), gone),
  }
}

/** The controller as we reach it: the address it tells is for people, and may lead around the world. */
function ownAddress({ url }: Peer, told: string): string {
  const { pathname, search } = new URL(told)
  return `${url}${pathname}${search}`
}

function printerTo(channel: ServerChannel, gone: AbortSignal): (line: string) => Promise<void> {
  return (line) => write(channel, `${line}\n`, gone)
}

async function copyTo(channel: ServerChannel, url: string, gone: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal: gone, redirect: 'error' })
  if (!response.ok || response.body === null)
    throw new TypeError(`a log answered ${response.status}`)
  for await (const chunk of response.body) await write(channel, Buffer.from(chunk), gone)
}

async function write(
  channel: ServerChannel,
  what: string | Buffer,
  gone: AbortSignal,
): Promise<void> {
  gone.throwIfAborted()
  if (!channel.write(what)) await once(channel, 'drain', { signal: gone })
}
