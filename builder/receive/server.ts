import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import ssh2 from 'ssh2'
import type { Connection, Server } from 'ssh2'
import type { Log } from '#lib/log.ts'
import { algorithms } from './algorithms.ts'
import { authenticate, type FindUser, type Identity } from './authentication.ts'

export interface SshOptions {
  readonly host: string
  readonly port: number
  /** Private key of the host, ed25519, as OpenSSH writes it. */
  readonly hostKey: string
  /** Whether ssh2 was given the post-quantum exchange. */
  readonly hybrid: boolean
  readonly connections: number
  readonly connectionsPerSource: number
  readonly findUser: FindUser
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
/** Silence in both directions after which a connection is closed; builds speak every 20 s. */
const idleMs = 10 * 60_000
const keepAliveMs = 30_000

/** Starts the SSH server. Rejects with EADDRINUSE when the port is taken. */
export async function listenSsh(options: SshOptions): Promise<SshServer> {
  const ssh = openSsh(options)
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    socket.on('error', () => undefined)
    if (!isWelcome(socket, sockets, options)) return socket.destroy()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    tune(socket)
    return ssh.injectSocket(socket)
  })
  listener.listen(options.port, options.host)
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    stop: () => void listener.close(),
    close: async () => {
      if (listener.listening) listener.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function isWelcome(socket: Socket, others: ReadonlySet<Socket>, options: SshOptions): boolean {
  const same = [...others].filter((other) => other.remoteAddress === socket.remoteAddress)
  return others.size < options.connections && same.length < options.connectionsPerSource
}

/** Without `setNoDelay` every round trip of a push waits for a delayed acknowledgement: 154 ms, not 19. */
function tune(socket: Socket): void {
  socket.setNoDelay(true)
  socket.setKeepAlive(true, keepAliveMs)
  socket.setTimeout(idleMs, () => socket.destroy())
}

function openSsh(options: SshOptions): Server {
  const ssh = new ssh2.Server(
    { hostKeys: [options.hostKey], algorithms: algorithms(options.hybrid), ident: 'slipway' },
    (connection) => greet(connection, options),
  )
  ssh.on('error', (error: unknown) => options.log.warn('ssh.failed', { reason: String(error) }))
  return ssh
}

function greet(connection: Connection, { findUser, serve, log }: SshOptions): void {
  const late = setTimeout(() => connection.end(), authenticateMs)
  connection.once('close', () => clearTimeout(late))
  connection.on('error', (error: Error) => log.info('ssh.error', { reason: error.message }))
  authenticate(connection, findUser, (identity) => {
    clearTimeout(late)
    serve(connection, identity)
  })
}
