import { SettingError } from '#lib/settings.ts'
import { serveAccount } from './account.ts'
import { serveApps } from './apps.ts'
import { serveBuildpacks } from './buildpacks.ts'
import { serveBuilds } from './builds.ts'
import { serveCertificates } from './certificates.ts'
import { serveConfig } from './config.ts'
import type { Deps } from './deps.ts'
import { serveDomains } from './domains.ts'
import { doorman } from './doorman.ts'
import { serveEdge } from './edge.ts'
import { makeFastify } from './fastify.ts'
import { serveFormation } from './formation.ts'
import { identify } from './identify.ts'
import { serveKeys } from './keys.ts'
import { serveLogin } from './login.ts'
import { servePush } from './push.ts'
import { serveReleases } from './releases.ts'
import { serveRoutes } from './routes.ts'
import { serveSources } from './sources.ts'
import { serveStacks } from './stacks.ts'
import type { Http } from './serve.ts'
import { serveWhy } from './why.ts'

export interface Server {
  /** Base URL it listens on, without a slash at the end. */
  readonly url: string
  /** Ends what follows something, lets other calls finish, at most `closeMs`, and closes. */
  readonly close: () => Promise<void>
}

const closeMs = 5_000

/**
 * Serves the contract on `deps.config.api`; `rooms` add what they answer themselves.
 *
 * Throws SettingError when the port is taken.
 */
export async function startServer(
  deps: Deps,
  rooms: readonly ((http: Http) => void)[] = [],
): Promise<Server> {
  const closing = new AbortController()
  const fastify = makeFastify(deps.log)
  const admit = doorman({ db: deps.db, identify: (token) => identify(deps, token) })
  const { log, config } = deps
  const http: Http = { fastify, log, admit, closing: closing.signal, base: config.apiUrl }
  fastify.get('/health', async () => ({ ok: true }))
  for (const room of [...core(deps), ...rooms]) room(http)
  const url = await listen(http, deps.config.api)
  return {
    url,
    close: async () => {
      closing.abort()
      // A connection that becomes idle from now on would else be kept for the next request.
      const idle = setInterval(() => fastify.server.closeIdleConnections(), 20)
      const cut = setTimeout(() => fastify.server.closeAllConnections(), closeMs)
      await fastify.close()
      clearInterval(idle)
      clearTimeout(cut)
    },
  }
}

function core(deps: Deps): ((http: Http) => void)[] {
  const rooms = [
    serveLogin,
    serveAccount,
    serveKeys,
    serveApps,
    serveDomains,
    serveCertificates,
    serveRoutes,
    serveEdge,
    serveWhy,
    serveConfig,
    serveReleases,
    serveBuilds,
    serveBuildpacks,
    serveStacks,
    serveSources,
    serveFormation,
    servePush,
  ]
  return rooms.map((room) => (http) => room(http, deps))
}

async function listen({ fastify }: Http, at: Deps['config']['api']): Promise<string> {
  try {
    return await fastify.listen(at)
  } catch (error) {
    await fastify.close()
    throw sentence(error, at) ?? error
  }
}

function sentence(error: unknown, { host, port }: Deps['config']['api']): SettingError | null {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return new SettingError(`Port ${port} of ${host} is taken; set SLIPWAY_API_PORT to another.`)
  }
  if (!['EADDRNOTAVAIL', 'ENOTFOUND'].includes(code)) return null
  return new SettingError(`This host has no address ${host}; set SLIPWAY_API_HOST to one it has.`)
}
