import type { Peer } from '#contract/call.ts'
import { SlipwayError } from '#contract/error.ts'
import { findKey } from '#contract/push.ts'
import type { Workshop } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { ask } from './ask.ts'
import { BuildQueue } from './build/queue.ts'
import type { Config } from './config.ts'
import { sweep } from './crash.ts'
import { startHousekeeping } from './housekeeping.ts'
import { listenHttp } from './http.ts'
import type { Keys } from './keys.ts'
import { openPlaces } from './places.ts'
import type { FindUser } from './receive/authentication.ts'
import { addHybridExchange, hasHybridExchange } from './receive/mlkem.ts'
import { Receiver } from './receive/receiver.ts'
import type { SshServer } from './receive/server.ts'
import { serveSessions, type ServeRequest } from './receive/session.ts'

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
  addHybridExchange()
  const places = await openPlaces(config.state)
  await sweep(places, workshop, log, AbortSignal.timeout(60_000))

  const queue = new BuildQueue(build.atOnce)
  const tools = { places, config: build, limits, instance: engine.instance, workshop, queue, log }
  const receiver = new Receiver({ controller, tools, heartbeatMs })
  const { archives } = places
  const http = await listenHttp({ ...config.http, token: keys.token, archives, log })
  const housekeeping = await startHousekeeping(places, workshop, controller, log)
  const ssh = await openSsh(config, keys, log, finderIn(controller), async (request) => {
    const code = await receiver.serve(request)
    housekeeping.kick()
    return code
  })
  return {
    sshPort: ssh.port,
    httpPort: http.port,
    close: async () => {
      ssh.stop()
      await receiver.stop()
      await Promise.all([ssh.close(), http.close(), housekeeping.close()])
    },
  }
}

async function openSsh(
  config: Config,
  keys: Keys,
  log: Log,
  findUser: FindUser,
  serve: ServeRequest,
): Promise<SshServer> {
  const { listenSsh } = await import('./receive/server.ts')
  const hybrid = hasHybridExchange()
  if (!hybrid) log.warn('ssh.no_hybrid_exchange', { reason: 'ssh2 or Node is not as we know it' })
  return listenSsh({
    ...config.ssh,
    hostKey: keys.ssh,
    hybrid,
    findUser,
    serve: (connection, identity) => serveSessions(connection, identity, serve),
    log,
  })
}

const findMs = 10_000

/** Asks the controller whose key it is; null when it knows none. */
function finderIn(controller: Peer): FindUser {
  return async (fingerprint) => {
    try {
      const options = { params: { fingerprint } }
      return (await ask(controller, findKey, options, AbortSignal.timeout(findMs))).user
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'KEY_NOT_FOUND') return null
      throw error
    }
  }
}
