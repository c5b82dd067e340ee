import { get, type IncomingMessage } from 'node:http'
import type { HttpCheck } from '#contract/health-check.ts'
import { bodyLimit, type Answer } from './check.ts'
import { reasonOf, type Address } from './reach.ts'
import { within } from './within.ts'

/**
 * One GET on a connection of its own. No redirect is followed, and no more is read than is looked at.
 *
 * The reason, when there is no answer: `timeout`, `connection refused`, or what else went wrong.
 */
export function ask(
  check: HttpCheck,
  { host, port }: Address,
  signal: AbortSignal,
): Promise<Answer | string> {
  return new Promise((resolve) => {
    const limited = within(signal, check.timeout_s * 1000)
    const headers = headersOf(check)
    const options = { host, port, path: check.path, headers, agent: false, signal: limited }
    const request = get(options, (response) => {
      response.once('error', (error) => resolve(limited.aborted ? 'timeout' : reasonOf(error)))
      if (check.content === null) end({ status: response.statusCode ?? 0, body: '' })
      else readBody(response, end)
    })
    const end = (answer: Answer): void => {
      resolve(answer)
      request.destroy()
    }
    request.once('error', (error) => resolve(limited.aborted ? 'timeout' : reasonOf(error)))
    request.once('close', () => resolve('the connection was closed'))
  })
}

function headersOf({ headers }: HttpCheck): Record<string, string> {
  const ours = {
    'user-agent': 'Slipway health check',
    accept: '*/*',
    'accept-encoding': 'identity',
  }
  const theirs = headers.map(({ name, value }) => [name.toLowerCase(), value] as const)
  return { ...ours, ...Object.fromEntries(theirs) }
}

function readBody(response: IncomingMessage, end: (answer: Answer) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  const finish = (): void => {
    const body = Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8')
    end({ status: response.statusCode ?? 0, body })
  }
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= bodyLimit) finish()
  })
  response.once('end', finish)
}
