import { failure } from '#contract/error.ts'
import { errorFrom } from '#contract/error.ts'
import type { ErrorBody } from '#contract/error.ts'
import type { Cli } from './cli.ts'

/**
 * Reads a capability URL (no token goes with it) piece by piece until it ends. A relative one is
 * taken from the server's address.
 */
export async function* readStream(url: string, cli: Cli): AsyncGenerator<string> {
  const server = await cli.server()
  const address = new URL(url, `${server}/`)
  try {
    const response = await fetch(address, {
      headers: { accept: 'text/plain' },
      signal: cli.signal,
    })
    if (!response.ok) throw await refusal(response)
    if (response.body === null) return
    yield* response.body.pipeThrough(new TextDecoderStream())
  } catch (error) {
    cli.signal.throwIfAborted()
    if (!(error instanceof TypeError)) throw error
    // What fetch throws when the network fails: `fetch failed`, `terminated`.
    const reason = error.cause instanceof Error ? error.cause.message : error.message
    throw failure('SERVER_UNREACHABLE', { server: address.origin, reason }, { cause: error })
  }
}

async function refusal(response: Response): Promise<Error> {
  const body = await response.text()
  return errorFrom(
    body.startsWith('{')
      ? (JSON.parse(body) as Partial<ErrorBody>)
      : { message: `The stream answered ${response.status}.`, hint: 'Ask for it again.' },
  )
}

/** The lines of a stream, without their ends. */
export async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of pieces) {
    const parts = (rest + piece).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  if (rest !== '') yield rest
}
