import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorBody, failure, SlipwayError } from '#contract/error.ts'
import type { Log } from '#lib/log.ts'
import type { Address } from '#router/proxy/transport.ts'
import { readJson } from './body.ts'
import type { Call } from './calls.ts'
import { isAuthorized } from './token.ts'

// The import statement would load all that node:http can offer, WebSockets and fetch too: 8 MB.
const http = process.getBuiltinModule('node:http')

export interface AdminOptions {
  readonly address: Address
  readonly token: string
  readonly calls: readonly Call[]
  readonly log: Log
}

export interface Admin {
  readonly port: number
  close(): Promise<void>
}

/** Listens for the controller. Rejects with the system's error when the address cannot be had. */
export async function openAdmin({ address, token, calls, log }: AdminOptions): Promise<Admin> {
  const server = http.createServer((request, response) => {
    void answer(request, response, { token, calls, log })
  })
  await listening(server, address)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
}

type Deps = Pick<AdminOptions, 'token' | 'calls' | 'log'>

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  deps: Deps,
): Promise<void> {
  const requestId = randomUUID()
  try {
    send(response, 200, await dispatch(request, response, deps))
  } catch (error) {
    if (!(error instanceof SlipwayError)) deps.log.error('admin.bug', error, { requestId })
    const known =
      error instanceof SlipwayError ? error : failure('INTERNAL', { request: requestId })
    send(response, known.status, errorBody(known, requestId))
  }
}

async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  { token, calls }: Deps,
): Promise<unknown> {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  if (request.method === 'GET' && path === '/health') return { ok: true }
  if (!isAuthorized(request.headers.authorization, token)) throw failure('UNAUTHORIZED', {})
  const call = calls.find(
    ({ endpoint }) => endpoint.method === request.method && endpoint.path === path,
  )
  if (call === undefined) throw failure('NOT_FOUND', { path })
  const body = call.endpoint.body === undefined ? null : await readJson(request)
  return call.answer(body, untilGone(response))
}

/** Aborted when the asker has left. */
function untilGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return gone.signal
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed) return
  const body = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
