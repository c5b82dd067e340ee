import { readdir } from 'node:fs/promises'
import type { Peer } from '#contract/call.ts'
import { SlipwayError } from '#contract/error.ts'
import { findKey, listKept } from '#contract/push.ts'
import type { Workshop } from '#driver/driver.ts'
import { startLoop } from '#lib/loop.ts'
import type { Log } from '#lib/log.ts'
import { ask, patiently } from './ask.ts'
import { BuildQueue } from './build/queue.ts'
import type { Config } from './config.ts'
import { cancelLeftBuilds, sweep } from './crash.ts'
import { listenHttp } from './http.ts'
import type { Keys } from './keys.ts'
import { openPlaces } from './places.ts'
import type { FindUser } from './receive/authentication.ts'
import { addHybridExchange } from './receive/mlkem.ts'
import { Receiver } from './receive/receiver.ts'
import { serveSessions } from './receive/session.ts'
import { archiveSlugs } from './slug/archive.ts'
import { collect } from './slug/collect.ts'

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

const dailyMs = 24 * 3_600_000
const hourlyMs = 3_600_000

/** Starts the builder: SSH for pushes, HTTP for slugs, and its housekeeping. */
export async function startBuilder(config: Config, parts: BuilderParts): Promise<Builder> {
  const { keys, workshop, log, heartbeatMs = 20_000 } = parts
  const controller = { url: config.controllerUrl, token: keys.token, program: 'controller' }
  const places = await openPlaces(config.state)
  await sweep(places, workshop, log, AbortSignal.timeout(60_000))
  const left = new Set(await readdir(places.builds))

  const { limits, build } = config
  const queue = new BuildQueue(build.atOnce)
  const { instance } = config.engine
  const tools = { places, config: build, limits, instance, workshop, queue, log }
  const receiver = new Receiver({ controller, tools, heartbeatMs })

  const onError = (error: unknown): void => log.error('housekeeping.failed', error)
  const archives = startLoop((signal) => archiveSlugs(places, signal), {
    everyMs: hourlyMs,
    onError,
  })
  const daily = startLoop(
    async (signal) => {
      await patiently(hourlyMs, () => cancelLeftBuilds(places, left, controller, signal), signal)
      const kept = await ask(controller, listKept, {}, signal)
      await collect(places, workshop, kept, signal)
    },
    { everyMs: dailyMs, onError },
  )

  const hybrid = addHybridExchange()
  if (!hybrid) log.warn('ssh.no_hybrid_exchange', { reason: 'ssh2 or Node is not as we know it' })
  // Only now, since what was added must be there before ssh2 is loaded.
  const { listenSsh } = await import('./receive/server.ts')
  const ssh = await listenSsh({
    ...config.ssh,
    hostKey: keys.ssh,
    hybrid,
    findUser: finderIn(controller),
    serve: (connection, identity) =>
      serveSessions(connection, identity, async (request) => {
        const code = await receiver.serve(request)
        archives.kick()
        return code
      }),
    log,
  })
  const http = await listenHttp({
    ...config.http,
    token: keys.token,
    archives: places.archives,
    log,
  })
  return {
    sshPort: ssh.port,
    httpPort: http.port,
    close: async () => {
      ssh.stop()
      await receiver.stop()
      await ssh.close()
      await http.close()
      await Promise.all([archives.close(), daily.close()])
    },
  }
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
