import { Readable } from 'node:stream'
import { errorFrom, type ErrorBody } from '#contract/error.ts'
import { createSource } from '#contract/source.ts'
import type { Cli } from './cli.ts'
import { withProgress } from './progress.ts'

/** Uploads an archive; the URL to build it by. */
export async function upload(bytes: NodeJS.ReadableStream, cli: Cli): Promise<string> {
  const { source_blob: place } = await cli.call(createSource)
  await withProgress(cli.screen, 'Uploading', () => put(place.put_url, bytes, cli))
  return place.get_url
}

async function put(url: string, bytes: NodeJS.ReadableStream, { signal }: Cli): Promise<void> {
  const body = Readable.toWeb(Readable.from(bytes))
  // Node's fetch wants to be told that the answer comes after the body.
  const init = { method: 'PUT', body, duplex: 'half', signal, redirect: 'error' } as RequestInit
  const answer = await fetch(url, init)
  const text = await answer.text()
  if (!answer.ok) throw errorFrom(readError(text, answer.status))
}

function readError(text: string, status: number): Partial<ErrorBody> {
  try {
    return JSON.parse(text) as Partial<ErrorBody>
  } catch {
    return { message: `The upload was refused (status ${status}).`, hint: 'Try again.' }
  }
}
