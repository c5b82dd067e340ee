import { flushCompileCache } from 'node:module'
import { readFile } from 'node:fs/promises'
import { openLog } from '#lib/log.ts'
import type { Log } from '#lib/log.ts'
import { SettingError } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'
import type { Call } from './admin/calls.ts'
import { openAdmin } from './admin/server.ts'
import { readConfig } from './config.ts'
import type { Config } from './config.ts'
import { orSay } from './listen-fault.ts'
import { Draining, drainingPath } from './processes/draining.ts'
import { drainingFor, Ending, stopping, untilSignalled } from './processes/ending.ts'
import { ServiceKeeper } from './processes/keeper.ts'
import { knownBy, learn } from './processes/known.ts'
import { Leaving } from './processes/leaving.ts'
import { openOwnSocket } from './processes/own-socket.ts'
import { Predecessors } from './processes/predecessors.ts'
import { spread } from './processes/spread.ts'
import { takeOver } from './processes/take-over.ts'
import type { Left } from './processes/take-over.ts'
import { prepare } from './service.ts'
import type { Prepared } from './service.ts'
import type { Workers } from './processes/workers.ts'
import { TableFile } from './table/disk.ts'
import { tidyUp } from './table/frugal.ts'
import { Routes } from './table/routes.ts'
import { withMetrics } from './watch/calls.ts'

/** The router as a process: the main one, or a worker of it. Throws SettingError. */
export async function run(env: Environment): Promise<void> {
  const config = readConfig(env)
  const token = await readToken(config.tokenPath)
  if (config.workerSocket === null) return await runMain({ config, token, env })
  const { work } = await import('./processes/worker.ts')
  await work({ config, path: config.workerSocket, token })
}

interface Main {
  readonly config: Config
  readonly token: string
  readonly env: Environment
}

/**
 * Serves from the table on disk first, itself or by workers, and only then listens for the
 * controller. A router that is in service steps aside before, and drains beside this one.
 */
async function runMain({ config, token, env }: Main): Promise<void> {
  const log = openLog('router')
  const file = new TableFile(config.tablePath)
  const keeper = new ServiceKeeper(file)
  const routes = new Routes()
  await restore(routes, file, log)
  const draining = new Draining(config.drainingDir, token)
  let left: Left = { known: [], draining: [] }
  if (config.replaces !== null) {
    left = await takeOver({ url: config.replaces, token, draining, routes })
    // Its predecessor may have begun a new file after this one had read the old.
    void keeper.replace(routes).catch((error: unknown) => log.error('table.not_kept', error))
  }

  const prepared = await prepare({ config, token, routes, keeper, log })
  const predecessors = await succeed(left, prepared, draining)
  const serving = await openServing({ config, token, env }, prepared, log)
  const ending = new Ending()
  const ours = spread(prepared.calls, { siblings: () => serving.siblings, log })
  const theirs = ({ isForServing }: Call): boolean => isForServing !== true
  const leaving = new Leaving({
    calls: spread(ours, { siblings: () => predecessors.siblings, isFor: theirs, log }),
    token,
    openSocket: () => openOwnSocket(drainingPath(config.drainingDir), { token, calls: ours, log }),
    routes,
    rest: () => prepared.rest(),
    known: () => knownBy(prepared.calls),
    lastCounts: prepared.lastCounts,
    onLeave: () => {
      log.info('leaving')
      ending.tell(drainingFor(config.drainMs))
      return predecessors.leave()
    },
  })
  const { calls } = leaving
  const opening = openAdmin({ where: config.admin, token, calls: withMetrics(calls), log })
  const admin = await orSay(opening, config.admin, 'SLIPWAY_ROUTER_ADMIN_PORT')
  leaving.admin = admin
  const { port, httpsPort, transport } = serving
  const { number: table } = routes
  log.info('started', { port, httpsPort, adminPort: admin.port, transport, table })
  // A router that is killed must still start fast, and small, the next time.
  flushCompileCache()
  tidyUp()

  void untilSignalled().then((signal) => {
    log.info('stopping', { signal })
    ending.tell(stopping)
  })
  await ending.reached((farewell) => serving.close(farewell))
  await Promise.all([admin.close(), leaving.close()])
}

/** Knows what the one in service was told, and follows those that will tell what they have counted. */
async function succeed(
  left: Left,
  { calls, receipts }: Prepared,
  draining: Draining,
): Promise<Predecessors> {
  await learn(left.known, calls)
  const predecessors = new Predecessors(draining, receipts)
  for (const pid of left.draining) predecessors.follow(pid)
  return predecessors
}

/** This process, or workers of it. */
async function openServing(
  { config, token, env }: Main,
  prepared: Prepared,
  log: Log,
): Promise<Workers> {
  if (config.workers === 1) return { ...(await prepared.open()), siblings: [] }
  const { openWorkers } = await import('./processes/workers.ts')
  const { http, https, workers: count, workersDir: folder } = config
  const { calls, receipts } = prepared
  return await openWorkers({ count, http, https, folder, token, env, calls, receipts, log })
}

async function readToken(path: string): Promise<string> {
  const token = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (token.length >= 16) return token
  throw new SettingError(`The key file ${path} is missing or empty; scripts/run makes it.`)
}

/** A table that cannot be read is no reason not to start: the controller will send one. */
async function restore(routes: Routes, file: TableFile, log: Log): Promise<void> {
  try {
    const restored = await file.restore(routes)
    if (restored === 'torn') log.warn('table.unreadable', { number: routes.number })
  } catch (error) {
    log.error('table.unreadable', error)
  }
}
