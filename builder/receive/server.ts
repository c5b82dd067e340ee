import ssh2 from 'ssh2'
import type { Connection, Server } from 'ssh2'
import type { Log } from '#lib/log.ts'
import { algorithms } from './algorithms.ts'
import { authenticate, type Doorkeeper, type Identity } from './authentication.ts'
import { openDoor, type Door, type DoorOptions, type End } from './door.ts'
import { answerTogether } from './first-words.ts'

export interface SshOptions extends DoorOptions, Doorkeeper {
  /** Private key of the host, ed25519, as OpenSSH writes it. */
  readonly hostKey: string
  /** Whether ssh2 was given the post-quantum exchange. */
  readonly hybrid: boolean
  /** Called for every connection that has proved who it is. */
  readonly serve: (connection: Connection, identity: Identity) => void
  readonly log: Log
}

export interface SshServer {
  readonly port: number
  /** Takes no more connections; those there are go on. */
  stop(): void
  /** Ends every connection as well. */
  close(): Promise<void>
}

const authenticateMs = 20_000

/** Starts the SSH server. Rejects with EADDRINUSE when the port is taken. */
export async function listenSsh(options: SshOptions): Promise<SshServer> {
  const ssh = openSsh(options, (end) => door.trust(end))
  const door: Door = await openDoor(options, (socket) => {
    ssh.injectSocket(socket)
    answerTogether(socket)
  })
  return {
    port: door.port,
    stop: () => door.stop(),
    close: async () => door.close(),
  }
}

function openSsh(options: SshOptions, trust: (end: End) => void): Server {
  const ssh = new ssh2.Server(
    { hostKeys: [options.hostKey], algorithms: algorithms(options.hybrid), ident: 'slipway' },
    (connection, end) => greet(connection, options, () => trust(end)),
  )
  ssh.on('error', (error: unknown) => options.log.warn('ssh.failed', { reason: String(error) }))
  return ssh
}

function greet(connection: Connection, options: SshOptions, trust: () => void): void {
  const { serve, log } = options
  const late = setTimeout(() => connection.end(), authenticateMs)
  connection.once('close', () => clearTimeout(late))
  connection.on('error', (error: Error) => log.info('ssh.error', { reason: error.message }))
  authenticate(connection, options, (identity) => {
    clearTimeout(late)
    trust()
    serve(connection, identity)
  })
}
