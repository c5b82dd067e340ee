import { flushCompileCache } from 'node:module'
import type { Config } from '#router/config.ts'
import { Routes } from '#router/table/routes.ts'
import { parseBody } from '#router/table/parse.ts'
import { openLog } from '#lib/log.ts'
import { prepare } from '#router/service.ts'
import type { Service } from '#router/service.ts'
import { drainingPath } from './draining.ts'
import { beginServing, drainWorker } from './endpoints.ts'
import { drainingFor, Ending, stopping, untilSignalled } from './ending.ts'
import { noKeeper } from './keeper.ts'
import { openOwnSocket } from './own-socket.ts'

export interface WorkerDeps {
  readonly config: Config
  /** Where the main process asks it. */
  readonly path: string
  readonly token: string
}

/**
 * A worker as a process: it knows what the main process tells it and serves when told to. It ends
 * when told to, by a signal, or when the main process is no more.
 */
export async function work({ config, path, token }: WorkerDeps): Promise<void> {
  const log = openLog('router-worker')
  const prepared = await prepare({
    config,
    token,
    routes: new Routes(),
    keeper: noKeeper,
    log,
  })
  const ending = new Ending()
  let service: Service | null = null
  const calls = [
    ...prepared.calls,
    {
      endpoint: beginServing,
      answer: async () => {
        service = await prepared.open()
        flushCompileCache()
        const { port, httpsPort: https_port, transport } = service
        return { port, https_port, transport }
      },
    },
    {
      endpoint: drainWorker,
      answer: async (body: unknown) => {
        const { grace_ms, rest_ms } = parseBody(drainWorker, body)
        ending.tell({ graceMs: grace_ms, restMs: rest_ms })
        return { pid: process.pid }
      },
    },
  ]
  const own = await openOwnSocket(path, { token, calls, log })
  void untilSignalled().then(() => ending.tell(stopping))
  process.stdin.resume().once('close', () => {
    // Whoever is the next main process finds it there.
    const found = drainingPath(config.drainingDir)
    void openOwnSocket(found, { token, calls, log }).finally(() =>
      ending.tell(drainingFor(config.drainMs)),
    )
  })
  await ending.reached(async (farewell) => service?.close(farewell))
  await prepared.lastCounts.tell()
  await own.close()
}
