import { Agent, request } from 'node:https'
import { rootCertificates } from 'node:tls'
import { AcmeProblem } from './problem.ts'

export interface WireAnswer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly text: string
}

/** Sends one request to an authority; whatever it answers is an answer. Throws AcmeProblem. */
export interface Wire {
  send(method: string, url: string, body: string | null, signal: AbortSignal): Promise<WireAnswer>
  /** The connections it keeps. */
  close(): void
}

const answerMs = 30_000
/** Authorities close idle connections; one that is kept too long fails the request it is used for. */
const idleMs = 4_000
const limitBytes = 1024 ** 2

/** @param ca Certificates (PEM) to trust besides those everybody trusts; for private authorities. */
export function openWire(ca: string | null): Wire {
  const trusted = ca === null ? {} : { ca: [...rootCertificates, ca] }
  const agent = new Agent({ keepAlive: true, maxSockets: 8, timeout: idleMs, ...trusted })
  return {
    send: async (method, url, body, signal) => {
      signal.throwIfAborted()
      const late = AbortSignal.timeout(answerMs)
      try {
        return await exchange({ agent, method, url, body, signal: AbortSignal.any([signal, late]) })
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof AcmeProblem) throw error
        const reason = late.aborted ? `no answer within ${answerMs / 1000} s` : reasonOf(error)
        throw new AcmeProblem('unreachable', `it cannot be reached (${reason})`, { cause: error })
      }
    },
    close: () => agent.destroy(),
  }
}

interface Sending {
  readonly agent: Agent
  readonly method: string
  readonly url: string
  readonly body: string | null
  readonly signal: AbortSignal
}

function exchange({ agent, method, url, body, signal }: Sending): Promise<WireAnswer> {
  if (!url.startsWith('https://')) throw new AcmeProblem('unreachable', `${url} is not https`)
  const headers = {
    'user-agent': `slipway node/${process.versions.node}`,
    ...(body === null
      ? {}
      : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers, signal }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > limitBytes) sent.destroy(new Error('its answer is too large'))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          header: (name) => [response.headers[name]].flat()[0],
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body ?? undefined)
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return (error as NodeJS.ErrnoException).code ?? error.message
}
