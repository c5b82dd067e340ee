import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import net from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { errorBody, failure, SlipwayError } from '#contract/error.ts'
import type { Log } from '#lib/log.ts'
import type { Where } from '#router/transport/transport.ts'
import { readJson } from './body.ts'
import type { Call } from './calls.ts'
import { jsonAnswer, TextAnswer } from './text.ts'
import { isAuthorized } from './token.ts'

// The import statement would load all that node:http can offer, WebSockets and fetch too: 8 MB.
const http = process.getBuiltinModule('node:http')

export interface AdminOptions {
  /** A path is that of a socket in the file system. */
  readonly where: Where | { readonly path: string }
  readonly token: string
  readonly calls: readonly Call[]
  readonly log: Log
}

export interface Admin {
  /** 0 where it listens on a path. */
  readonly port: number
  /** Takes no more calls; those under way are answered. */
  leave(): void
  /** The same, and cuts those under way. */
  close(): Promise<void>
}

/** Listens for the controller. Rejects with the system's error when the address cannot be had. */
export async function openAdmin({ where, token, calls, log }: AdminOptions): Promise<Admin> {
  const server = http.createServer((request, response) => {
    void answer(request, response, { token, calls, log })
  })
  // To leave, a server of HTTP closes connections whose request it has not read yet; this one does not.
  const door = net.createServer((socket) => void server.emit('connection', socket))
  await listening(door, where)
  return {
    port: (door.address() as Partial<AddressInfo>).port ?? 0,
    leave: () => void door.close(),
    close: () =>
      new Promise((resolve) => {
        door.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server, where: AdminOptions['where']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, backlog: 4096 }, () => resolve())
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
  const call = calls.find(
    ({ endpoint }) => endpoint.method === request.method && endpoint.path === path,
  )
  const isOpen = call?.endpoint.allow === 'anyone'
  if (!isOpen && !isAuthorized(request.headers.authorization, token)) {
    throw failure('UNAUTHORIZED', {})
  }
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
  const { type, text: body } = value instanceof TextAnswer ? value : jsonAnswer(value)
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    // One connection for each call: none that is kept could come too late for a router that leaves.
    connection: 'close',
  })
  response.end(body)
}
