import { Agent, createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'

/** `http-proxy` as a program: `http-proxy-main.ts PORT APP_PORT`. */
interface HttpProxy {
  web(request: IncomingMessage, response: ServerResponse): void
  on(event: 'error', listener: () => void): void
}
type CreateProxy = (options: { target: string; agent: Agent; xfwd: boolean }) => HttpProxy

const require = createRequire(import.meta.url)
const { createProxyServer } = require('http-proxy') as { createProxyServer: CreateProxy }

const [port, appPort] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 512 })
const proxy = createProxyServer({ target: `http://127.0.0.1:${appPort}`, agent, xfwd: true })
proxy.on('error', () => undefined)
createServer((request, response) => proxy.web(request, response)).listen(port, '127.0.0.1')
