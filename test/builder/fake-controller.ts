import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { errorBody, failure, SlipwayError } from '#contract/error.ts'
import type { BuiltSlug, Checkout } from '#contract/push.ts'
import type { Deployment, JournalLine } from '#contract/release.ts'
import type { User } from '#builder/receive/authentication.ts'

export interface FakeBuild {
  readonly id: string
  readonly branch: string
  readonly commit: string
  readonly description: string
  output: string
  result: { status: string; stage?: string; slug?: BuiltSlug } | null
}

/** A controller that knows just enough of contract/push.ts, with everything in sight. */
export class FakeController {
  readonly users = new Map<string, User>()
  readonly apps = new Map<string, Checkout & { owner: string }>()
  readonly builds: FakeBuild[] = []
  kept: { apps: string[]; digests: string[] } = { apps: [], digests: [] }
  /** How deployments end. */
  deployment: Partial<Deployment> = { state: 'draining', live: true }
  journal: Pick<JournalLine, 'kind' | 'text'>[] = [{ kind: 'step', text: 'Deploying web x1' }]
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => refuse(response, error))
  })

  static async open(): Promise<FakeController> {
    const controller = new FakeController()
    await controller.listen(0)
    return controller
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  addApp(name: string, owner: User, config: Record<string, string> = {}): Checkout {
    const checkout = {
      app: { id: randomUUID(), name },
      environment: { id: randomUUID(), name: 'production' },
      branches: ['main', 'master'],
      stack: 'slipway-12',
      web_url: `http://${name}.localhost:8080/`,
      version: 0,
      config,
    }
    this.apps.set(name, { ...checkout, owner: owner.id })
    return checkout
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://controller')
    const [, , kind = '', id = '', ...rest] = url.pathname.split('/').map(decodeURIComponent)
    if (request.headers.authorization !== 'Bearer test-token') throw failure('UNAUTHORIZED', {})
    const json = await text(request)
    const body = (json === '' ? {} : JSON.parse(json)) as Record<string, never>
    const reply = this.#reply(
      `${request.method} ${kind} ${rest.at(-1) ?? ''}`.trim(),
      id,
      url,
      body,
    )
    response.writeHead(reply === undefined ? 204 : 200, { 'content-type': 'application/json' })
    response.end(reply === undefined ? undefined : JSON.stringify(reply))
  }

  #reply(call: string, id: string, url: URL, body: Record<string, never>): unknown {
    switch (call) {
      case 'GET keys':
        return { user: this.users.get(id) ?? raise(failure('KEY_NOT_FOUND', {})) }
      case 'GET principals': {
        const user = [...this.users.values()].find(({ email }) => email === id)
        return { user: user ?? raise(failure('KEY_NOT_FOUND', {})) }
      }
      case 'GET checkouts': {
        const app = this.apps.get(id)
        if (app?.owner === url.searchParams.get('user')) return app
        throw failure('APP_NOT_FOUND', { app: id })
      }
      case 'POST builds':
        this.builds.push({
          id: randomUUID(),
          output: '',
          result: null,
          ...(body as object),
        } as never)
        return { id: this.builds.at(-1)?.id }
      case 'PATCH builds output':
        this.build(id).output += String(body['text'])
        return undefined
      case 'POST builds result':
        return { release: this.#finish(id, body as never) }
      case 'GET apps deployment':
        return this.#follow(Number(url.searchParams.get('after')))
      case 'GET kept':
        return this.kept
      default:
        throw failure('NOT_FOUND', { path: call })
    }
  }

  build(id: string): FakeBuild {
    return (
      this.builds.find((b) => b.id === id) ??
      raise(failure('BUILD_NOT_FOUND', { app: '', build: id }))
    )
  }

  #finish(id: string, result: NonNullable<FakeBuild['result']>): { version: number } | null {
    this.build(id).result ??= result
    if (result.status !== 'succeeded') return null
    return { version: this.builds.filter((b) => b.result?.status === 'succeeded').length }
  }

  #follow(after: number): unknown {
    const lines = this.journal.map((line, index) => ({ ...line, seq: index + 1, at: '' }))
    const base = { version: 1, done: this.deployment.live !== true, failure: null }
    return { ...base, ...this.deployment, journal: lines.filter(({ seq }) => seq > after) }
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  const known = error instanceof SlipwayError ? error : failure('INTERNAL', { request: '' })
  response.writeHead(known.status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(errorBody(known, '')))
}

function raise(error: Error): never {
  throw error
}
