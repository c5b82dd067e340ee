import type { Workshop } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { builderCalls } from './answers.ts'
import { BuildQueue } from './build/queue.ts'
import type { Config } from './config.ts'
import { sweep } from './crash.ts'
import { startHousekeeping } from './housekeeping.ts'
import { listenHttp } from './http.ts'
import type { Keys } from './keys.ts'
import { openPlaces } from './places.ts'
import type { FindUser } from './receive/authentication.ts'
import { finderIn } from './receive/finder.ts'
import { readAuthorities } from './receive/keys/authorities.ts'
import { sweepUploads } from './receive/other.ts'
import { Receiver } from './receive/receiver.ts'
import type { SshServer } from './receive/server.ts'
import { editSsh2, hasHybridExchange } from './receive/ssh2-text.ts'
import { serveRemote } from './receive/remote/serve.ts'
import { Verifications } from './verifications.ts'
import { serveSessions, type Services } from './receive/session.ts'

export interface BuilderParts {
  readonly keys: Keys
  readonly workshop: Workshop
  readonly log: Log
  /** After so much silence a push hears that we are still there. */
  readonly heartbeatMs?: number
}

export interface Builder {
  readonly sshPort: number
  readonly httpPort: number
  /** Takes no more pushes, ends those under way with a sentence, and closes. */
  close(): Promise<void>
}

/** Starts the builder: SSH for pushes, HTTP for slugs, and its housekeeping. */
export async function startBuilder(config: Config, parts: BuilderParts): Promise<Builder> {
  const { keys, workshop, log, heartbeatMs = 20_000 } = parts
  const { limits, build, engine } = config
  const controller = { url: config.controllerUrl, token: keys.token, program: 'controller' }
  // Before anything loads ssh2; the engine's client does.
  editSsh2()
  const places = await openPlaces(config.state)
  await sweep(places, workshop, log, AbortSignal.timeout(60_000))

  const queue = new BuildQueue(build)
  const tools = { places, config: build, limits, instance: engine.instance, workshop, queue, log }
  const receiver = new Receiver({ controller, tools, heartbeatMs })
  const { archives } = places
  const verifications = new Verifications(tools)
  await Promise.all([verifications.sweep(), sweepUploads(places)])
  const calls = builderCalls(receiver, verifications, controller, { places, workshop, log })
  const http = await listenHttp({ ...config.http, token: keys.token, archives, calls, log })
  const housekeeping = await startHousekeeping(places, workshop, controller, log)
  const ssh = await openSsh(config, keys, log, finderIn(controller), {
    serve: async (request) => {
      const code = await receiver.serve(request)
      housekeeping.kick()
      return code
    },
    run: (request) => serveRemote(request, { controller, log }),
  })
  return {
    sshPort: ssh.port,
    httpPort: http.port,
    close: async () => {
      ssh.stop()
      await Promise.all([receiver.stop(), verifications.stop()])
      await Promise.all([ssh.close(), http.close(), housekeeping.close()])
    },
  }
}

async function openSsh(
  config: Config,
  keys: Keys,
  log: Log,
  findUser: FindUser,
  services: Services,
): Promise<SshServer> {
  const { listenSsh } = await import('./receive/server.ts')
  const hybrid = hasHybridExchange()
  if (!hybrid) log.warn('ssh.no_hybrid_exchange', { reason: 'ssh2 or Node is not as we know it' })
  return listenSsh({
    ...config.ssh,
    authorities: await readAuthorities(config.ssh.userAuthorities),
    hostKey: keys.ssh,
    hybrid,
    findUser,
    serve: (connection, identity) => serveSessions(connection, identity, services),
    log,
  })
}
