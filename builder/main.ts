import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { once } from 'node:events'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import type { Workshop } from '#driver/driver.ts'
import { openLog, type Log } from '#lib/log.ts'
import { SettingError } from '#lib/settings.ts'
import { startBuilder } from './builder.ts'
import { readConfig, type Config } from './config.ts'
import { readKeys } from './keys.ts'
import { preReceive } from './receive/service.ts'
import { lazyWorkshop } from './workshop.ts'

const log = openLog('builder')

try {
  await main()
  process.exit(0)
} catch (error) {
  process.stderr.write(`error: ${sentence(error)}\n`)
  process.exit(1)
}

async function main(): Promise<void> {
  // Slugs must be readable by the apps' user.
  process.umask(0o022)
  const config = readConfig(process.env)
  const keys = await readKeys(config.state)
  await requireHook()
  const workshop = lazyWorkshop(() => openWorkshop(config, log))
  const builder = await startBuilder(config, { keys, workshop, log })
  log.info('started', { ssh: builder.sshPort, http: builder.httpPort })
  flushCompileCache()
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  log.info('builder.stopping')
  await builder.close()
}

/** Loaded when the first build asks for it: the engine's client is large. */
async function openWorkshop({ state, engine }: Config, openedLog: Log): Promise<Workshop> {
  const { openDocker } = await import('#driver/docker/docker.ts')
  const { workshop } = await openDocker({
    instance: engine.instance,
    runDir: join(state, 'run'),
    runtimesDir: join(state, 'builder/runtimes'),
    routerPorts: engine.routerPorts,
    log: openedLog,
    ...(engine.socketPath === null ? {} : { socketPath: engine.socketPath }),
    ...(engine.caBundle === null ? {} : { caBundle: engine.caBundle }),
    ...(engine.buildSubnet === null ? {} : { buildSubnet: engine.buildSubnet }),
  })
  return workshop
}

/** Git skips a hook it cannot run, and would then accept every push without a build. */
async function requireHook(): Promise<void> {
  await access(preReceive, constants.X_OK).catch((error: unknown) => {
    throw new SettingError(`${preReceive} must be executable: chmod +x it.`, { cause: error })
  })
}

function sentence(error: unknown): string {
  if (error instanceof SettingError) return error.message
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `Port ${port} is taken by another program; set another one.`
  if (code === 'EACCES' && port !== undefined) return `This user may not listen on port ${port}.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
