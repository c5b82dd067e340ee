import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { failure } from '#contract/error.ts'

/** What a build prints beyond this is shown to the pusher, but not kept. */
const limitBytes = 32 * 1024 ** 2

export function outputPath(folder: string, buildId: string): string {
  return join(folder, `${buildId}.log`)
}

/**
 * Keeps what a build printed. Bytes before `offset` that are there are not written again, so a
 * request may be sent twice. Throws INVALID_PARAMS when something before `offset` is missing.
 */
export async function keepOutput(path: string, offset: number, text: string): Promise<void> {
  const file = await open(path, 'a+', 0o600)
  await file.close()
  const place = await open(path, 'r+')
  try {
    const { size } = await place.stat()
    if (offset > size && size < limitBytes) {
      throw failure('INVALID_PARAMS', {
        reason: `offset ${offset} is after the ${size} bytes here`,
      })
    }
    const fresh = Buffer.from(text).subarray(Math.max(0, size - offset), limitBytes - offset)
    // At its own place, not at the end: the same request twice at once writes the same bytes.
    if (offset < limitBytes) await place.write(fresh, 0, fresh.length, Math.max(size, offset))
  } finally {
    await place.close()
  }
}

/** What is kept from byte `from` on, in pieces. Nothing yet is nothing. */
export async function* readOutput(path: string, from: number): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return
  try {
    for (let at = from; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536, at)
      if (bytesRead === 0) return
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
