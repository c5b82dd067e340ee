import type { IncomingMessage, RequestOptions } from 'node:http'
import { errorFrom, failure, SlipwayError } from '#contract/error.ts'
import type { ErrorBody } from '#contract/error.ts'
import type { Endpoint } from '#contract/endpoint.ts'

const http = process.getBuiltinModule('node:http')

/** Where another process of the router answers calls: a socket in the file system, or a URL. */
export type SiblingAddress = { readonly path: string } | { readonly url: string }

/** What can be asked as one asks a sibling; undefined: it has nothing to say. */
export type Asked = Pick<Sibling, 'ask'>

/**
 * Another process of the router: a worker, one that drains, the one that is to be replaced. It is
 * asked as the controller asks: the same calls, over the same protocol, with the same token.
 */
export class Sibling {
  readonly #where: RequestOptions
  readonly #token: string

  constructor(address: SiblingAddress, token: string) {
    this.#where = 'path' in address ? { socketPath: address.path } : urlOptions(address.url)
    this.#token = token
  }

  /** Throws the SlipwayError it answered, or UNAVAILABLE when it cannot be reached. */
  async ask(endpoint: Endpoint, body: unknown, signal?: AbortSignal): Promise<unknown> {
    try {
      const { status, value } = await this.#exchange(endpoint, body, signal)
      if (status === 200) return value
      throw errorFrom(value as Partial<ErrorBody>)
    } catch (cause) {
      if (cause instanceof SlipwayError) throw cause
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
      throw failure('UNAVAILABLE', { program: 'router', reason }, { cause })
    }
  }

  #exchange(
    { method, path }: Endpoint,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<{ status: number; value: unknown }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; value: unknown }>()
    const headers = { authorization: `Bearer ${this.#token}` }
    const options: RequestOptions = { ...this.#where, method, path, headers, agent: false }
    if (signal !== undefined) options.signal = signal
    const request = http.request(options, (response) => {
      void readJson(response).then(resolve, reject)
    })
    request.once('error', reject)
    request.end(body === null ? undefined : JSON.stringify(body))
    return promise
  }
}

/** Whether what `ask` threw means that nobody listens there (any more). */
export function isGone(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : null
  return cause?.code === 'ECONNREFUSED' || cause?.code === 'ENOENT'
}

function urlOptions(url: string): RequestOptions {
  const { hostname, port } = new URL(url)
  return { host: hostname, port }
}

async function readJson(response: IncomingMessage): Promise<{ status: number; value: unknown }> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  return { status: response.statusCode ?? 0, value }
}
