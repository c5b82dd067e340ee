import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { failure } from '#contract/error.ts'
import { createSource } from '#contract/source.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'
import { openSigner } from './signature.ts'
import { serveStream } from './stream.ts'

const hourMs = 3_600_000
/** What waits longer is removed by the next upload. */
const keepMs = 2 * hourMs
/** Of all archives that wait, as a multiple of the largest one. */
const roomForMany = 4

/** Archives on their way from a developer to the builder: uploaded, read once, and gone after a while. */
export function serveSources(http: Http, { outputs, now, config }: Deps): void {
  const folder = join(dirname(outputs), 'sources')
  const signer = openSigner({ ttlMs: hourMs, now })
  const limit = config.sourceBytes

  /** The file a secret is for; what may be read may not be written. */
  const pathOf = (secret: string, right: 'get' | 'put'): string => {
    const id = signer.verify(secret)
    if (id === null || !id.startsWith(`${right}-`)) throw failure('SOURCE_GONE', {})
    return join(folder, id.slice(right.length + 1))
  }

  serve(http, createSource, async ({ base }) => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await removeOld(folder, now().getTime() - keepMs)
    const id = randomUUID()
    const url = (right: string): string => `${base}/sources/${signer.sign(`${right}-${id}`)}`
    return { source_blob: { get_url: url('get'), put_url: url('put') } }
  })

  serveStream(http, '/sources/:secret', async (secret) => {
    const path = pathOf(secret, 'get')
    if ((await stat(path).catch(() => null)) === null) throw failure('SOURCE_GONE', {})
    return { chunks: createReadStream(path), type: 'application/octet-stream' }
  })

  // Bytes under any media type: a scope of its own, since everywhere else a body is JSON.
  void http.fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, body, done) => done(null, body))
    scope.put('/sources/:secret', { bodyLimit: limit }, async (request, reply) => {
      const path = pathOf((request.params as { secret: string }).secret, 'put')
      const left = roomForMany * limit - (await sizeOf(folder))
      await keep(request.body as Readable, path, Math.min(limit, left))
      return reply.status(200).send()
    })
  })
}

async function keep(body: Readable, path: string, limitBytes: number): Promise<void> {
  const aside = `${path}.${randomUUID()}.part`
  try {
    await pipeline(body, bounded(limitBytes), createWriteStream(aside, { mode: 0o600 }))
    await rename(aside, path)
  } finally {
    await rm(aside, { force: true })
  }
}

function bounded(limitBytes: number): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size <= limitBytes) return done(null, chunk)
      const megabytes = Math.max(0, Math.floor(limitBytes / 1e6))
      return done(failure('SOURCE_TOO_LARGE', { megabytes }))
    },
  })
}

async function removeOld(folder: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => null)
    if (found !== null && found.mtimeMs < beforeMs) await rm(path, { force: true })
  }
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
