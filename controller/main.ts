import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { SlipwayError } from '#contract/error.ts'
import type { Fleet } from '#driver/driver.ts'
import { type Log, openLog } from '#lib/log.ts'
import { SettingError } from '#lib/settings.ts'
import { startCertificates } from './certificate/certificates.ts'
import { readAcme } from './certificate/settings.ts'
import { type Config, placesIn, readConfig } from './config.ts'
import { startCron } from './cron/cron.ts'
import { startDeploys } from './deploy/deploys.ts'
import { readTimes } from './deploy/deps.ts'
import { openNews } from './deploy/news.ts'
import { openLookUp } from './domain/look-up.ts'
import { serveCron } from './http/cron.ts'
import { serveDeployments } from './http/deployments.ts'
import { serveDynos } from './http/dynos.ts'
import { serveLines } from './http/lines.ts'
import { serveLogs } from './http/logs.ts'
import { startServer } from './http/server.ts'
import { readKeyFile } from './key-file.ts'
import { openLogs } from './logs/logs.ts'
import { serveAttach } from './run/attach.ts'
import { openRuns } from './run/runs.ts'
import { openVault } from './seal.ts'
import { lockFolder } from './store/lock.ts'
import { openStore } from './store/open.ts'

try {
  await main()
  process.exit(0)
} catch (error) {
  process.stderr.write(`error: ${sentence(error)}\n`)
  process.exit(1)
}

/** Runs until it is told to stop. What is opened is closed in the opposite order. */
async function main(): Promise<void> {
  const log = openLog('controller')
  const now = (): Date => new Date()
  const config = readConfig(process.env)
  const acme = readAcme(process.env)
  const places = placesIn(config.state)
  const internalToken = readKeyFile(places.key('internal.token'))
  const setupSecret = readKeyFile(places.key('setup.secret'))
  const vault = openVault(readKeyFile(places.key('master.key')))

  for (const folder of [places.folder, places.outputs, places.logs]) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  }
  const unlock = lockFolder(places.folder)
  const db = await openStore(places.database)
  const news = openNews()
  const fleet = await openFleet(config, log)
  const logs = openLogs({ folder: places.logs, fleet, log })
  const router = { url: config.routerAdminUrl, token: internalToken, program: 'router' }
  const builder = { url: config.builderUrl, token: internalToken, program: 'builder' }
  const settings = {
    ...readTimes(process.env),
    instance: config.engine.instance,
    limits: config.limits,
  }
  const working = { store: db, fleet, router, logs, news, log, settings, vault }
  const deploys = startDeploys(working)
  const runs = openRuns(working)
  const cron = startCron({ ...working, runs, now })
  const certificates = startCertificates({ db, vault, router, logs, log, now, acme })

  const { outputs } = places
  const kick = (environmentId?: string): void => {
    deploys.kick(environmentId)
    certificates.kick()
  }
  const foreignSubnets = (signal: AbortSignal): Promise<string[]> => fleet.foreignSubnets(signal)
  const secrets = { internalToken, setupSecret }
  const world = { foreignSubnets, lookUp: openLookUp(), router, builder }
  const asking = { certificates: { acme, kick: () => certificates.kick() } }
  const deps = { db, vault, log, now, config, outputs, news, kick, ...asking, ...world, ...secrets }
  const server = await startServer(deps, [
    (http) => serveDynos(http, { db, now, fleet, deploys, runs }),
    (http) => serveCron(http, { db, now }, cron),
    (http) => serveLogs(http, { db, now }, logs),
    (http) => serveLines(http, { db }, logs),
    (http) => serveDeployments(http, { db }, news),
    (http) => serveAttach(http, { fleet, log }, runs),
  ])
  log.info('started', { url: server.url })
  // Not only at the end: a program that is killed should start fast as well.
  flushCompileCache()

  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  log.info('stopping')
  await server.close()
  await certificates.close()
  await cron.close()
  await runs.close()
  await deploys.close()
  await logs.close()
  await db.destroy()
  unlock()
}

/** Loaded only here: the client of the engine is large. */
async function openFleet(config: Config, log: Log): Promise<Fleet> {
  const { openDocker } = await import('#driver/docker/docker.ts')
  const { fleet } = await openDocker({
    ...config.engine,
    runDir: join(config.state, 'run'),
    runtimesDir: join(config.state, 'builder/runtimes'),
    log,
  })
  return fleet
}

/** What an operator can act on is told in a sentence, a bug with its stack. */
function sentence(error: unknown): string {
  if (error instanceof SettingError) return error.message
  if (error instanceof SlipwayError) return `${error.message} ${error.hint}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
