import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Log } from '#lib/log.ts'
import { isSameSecret } from '#lib/same-secret.ts'
import { answerCall, type Answered } from './calls.ts'
import { archivePath } from './slug/archive.ts'

export interface SlugServerOptions {
  readonly host: string
  readonly port: number
  /** What other programs of this platform prove themselves with. */
  readonly token: string
  readonly archives: string
  /** What the controller may ask. */
  readonly calls: readonly Answered[]
  readonly log: Log
}

export interface SlugServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves `GET /slugs/<digest>.tar.gz` and the calls to our own programs, and `GET /health` to anyone.
 */
export async function listenHttp(options: SlugServerOptions): Promise<SlugServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.log.error('http.failed', error)
      response.destroy()
    })
  })
  server.listen(options.port, options.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { token, archives, calls }: SlugServerOptions,
): Promise<void> {
  if (request.method === 'GET' && request.url === '/health') return end(response, 200)
  if (!isSameSecret(request.headers.authorization ?? '', `Bearer ${token}`))
    return end(response, 401)
  if (await answerCall(calls, request, response)) return undefined
  if (request.method !== 'GET') return end(response, 405)
  const digest = /^\/slugs\/([0-9a-f]{64})\.tar\.gz$/.exec(request.url ?? '')?.[1]
  if (digest === undefined) return end(response, 404)
  const path = archivePath(archives, digest)
  const found = await stat(path).catch(() => null)
  if (found === null) return end(response, 404)
  const head = { 'content-type': 'application/gzip', 'content-length': found.size }
  response.writeHead(200, head)
  await pipeline(createReadStream(path), response)
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end()
}
