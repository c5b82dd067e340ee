import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Endpoint } from '#contract/endpoint.ts'
import type { Send } from './shipper.ts'

// The import statement would load all that node:http can offer, and contract/call.ts fetch: 8 MB each.
const http = process.getBuiltinModule('node:http')

export interface PostOptions {
  /** Base URL of the controller, without a slash at the end. */
  readonly url: string
  readonly token: string
  readonly endpoint: Endpoint
  readonly timeoutMs: number
}

/** Sends batches to one endpoint over one connection that is kept. `close` ends that connection. */
export function openPost({ url, token, endpoint, timeoutMs }: PostOptions): {
  readonly send: Send
  readonly close: () => void
} {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const target = new URL(url + endpoint.path)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const send: Send = (batch) => {
    const body = Buffer.from(JSON.stringify(batch))
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Send>>>()
    const request: ClientRequest = http.request(target, {
      method: endpoint.method,
      agent,
      headers: { ...headers, 'content-length': body.length },
      signal: AbortSignal.timeout(timeoutMs),
    })
    request.once('response', (response: IncomingMessage) => {
      response.resume()
      response.once('close', () => resolve(verdict(response.statusCode ?? 0)))
    })
    request.once('error', () => resolve('away'))
    request.end(body)
    return promise
  }
  return { send, close: () => agent.destroy() }
}

/** What is refused as it stands would be refused again. */
function verdict(status: number): Awaited<ReturnType<Send>> {
  if (status >= 200 && status < 300) return 'taken'
  return status >= 500 || status === 429 ? 'away' : 'gone'
}
