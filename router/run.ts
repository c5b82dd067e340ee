import { flushCompileCache } from 'node:module'
import { readFile } from 'node:fs/promises'
import { openLog } from '#lib/log.ts'
import type { Log } from '#lib/log.ts'
import { SettingError } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'
import { adminCalls } from './admin/calls.ts'
import { openAdmin } from './admin/server.ts'
import { readConfig } from './config.ts'
import { openProxy } from './proxy/proxy.ts'
import type { Address } from './proxy/transport.ts'
import { TableFile } from './table/disk.ts'
import { parseTable } from './table/parse.ts'
import { Routes } from './table/routes.ts'

const graceMs = 10_000
const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'does not belong to this host',
}

/**
 * The router as a process: serves from the table on disk first, and only then listens for the
 * controller. Throws SettingError.
 */
export async function run(env: Environment): Promise<void> {
  const config = readConfig(env)
  const log = openLog('router')
  const token = await readToken(config.tokenPath)
  const file = new TableFile(config.tablePath)
  const routes = new Routes()
  await restore(routes, file, log)
  const { http, admin, connections } = config
  const proxy = await orSay(
    openProxy({ address: http, routes, log, limits: { connections } }),
    http,
    'SLIPWAY_HTTP_PORT',
  )
  const calls = adminCalls({ routes, file, log })
  const control = await orSay(
    openAdmin({ address: admin, token, calls, log }),
    admin,
    'SLIPWAY_ROUTER_ADMIN_PORT',
  )
  log.info('started', { port: proxy.port, adminPort: control.port, table: routes.table.number })
  // A router that is killed must still start fast, and small, the next time.
  flushCompileCache()
  const signal = await untilToldToStop()
  log.info('stopping', { signal })
  await proxy.close(graceMs)
  await control.close()
}

async function readToken(path: string): Promise<string> {
  const token = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (token.length >= 16) return token
  throw new SettingError(`The key file ${path} is missing or empty; scripts/run makes it.`)
}

/** A table that cannot be read is no reason not to start: the controller will send one. */
async function restore(routes: Routes, file: TableFile, log: Log): Promise<void> {
  try {
    const table = await file.read(parseTable)
    if (table !== null) routes.replace(table)
  } catch (error) {
    log.error('table.unreadable', error)
  }
}

/** Turns a port that cannot be had into a sentence that names the setting to change. */
async function orSay<T>(opening: Promise<T>, { host, port }: Address, setting: string): Promise<T> {
  try {
    return await opening
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    const reason = listenFaults[code]
    if (reason === undefined) throw error
    throw new SettingError(`Port ${port} on ${host} ${reason}; set ${setting} to another port.`)
  }
}

function untilToldToStop(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}
