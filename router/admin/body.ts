import type { IncomingMessage } from 'node:http'
import { failure } from '#contract/error.ts'

/** A table of 100,000 hosts has 22 MB; the controller sends such in changes, but it may be put whole. */
const bodyLimitBytes = 64 * 1024 ** 2

/** The JSON body of a request. Throws BAD_REQUEST when it is too large or no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimitBytes) throw failure('BAD_REQUEST', { reason: 'the body is too large' })
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw failure('BAD_REQUEST', { reason: 'the body is no JSON' }, { cause })
  }
}
