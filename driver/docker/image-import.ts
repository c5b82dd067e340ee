import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract, pack, type Pack } from 'tar-stream'
import type { BuiltImage, ImageImport } from '#driver/driver.ts'
import { Refusal, unless } from './errors.ts'
import { buildImage } from './image-build.ts'
import { findImage } from './image.ts'
import type { Site } from './site.ts'

type OnOutput = (chunk: Buffer) => void

/**
 * Brings an image that was made elsewhere to the engine, and makes it ours: an image from it with our
 * labels and no more, so that it is found, counted and removed like those we built. Null when it cannot
 * be had; the output says why.
 */
export async function importImage(
  site: Site,
  spec: ImageImport,
  onOutput: OnOutput,
  signal: AbortSignal,
): Promise<BuiltImage | null> {
  const { origin } = spec
  const within = AbortSignal.any([signal, AbortSignal.timeout(spec.timeoutMs)])
  const bring = origin.kind === 'pull' ? pull : load
  try {
    const brought = await bring(site, origin as never, within)
    try {
      return await claim(site, spec, brought.id, onOutput, within)
    } finally {
      if (brought.remove !== null) await removeName(site, brought.remove)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Refusal) && !(error instanceof BadImage)) throw error
    onOutput(Buffer.from(`${error.message}\n`))
    return null
  }
}

/** The engine took our request and then said no, or the archive is not what it should be. */
class BadImage extends Error {
  override readonly name = 'BadImage'
}

interface Brought {
  readonly id: string
  /** What keeps it on the engine, to be removed when it was not there before; null: it was. */
  readonly remove: string | null
}

async function pull(
  site: Site,
  { name, auth }: Extract<ImageImport['origin'], { kind: 'pull' }>,
  signal: AbortSignal,
): Promise<Brought> {
  const known = await findImage(site, name, signal)
  if (known !== null) return { id: known.Id, remove: null }
  const host = name.slice(0, name.indexOf('/'))
  const request = {
    method: 'POST',
    path: '/images/create',
    query: { fromImage: name },
    doing: `pull ${name}`,
    ...(auth === undefined ? {} : { auth: { ...auth, serveraddress: host } }),
  } as const
  await lastLine(await site.engine.stream(request, signal))
  const pulled = await findImage(site, name, signal)
  if (pulled === null) throw new BadImage(`The registry has no image ${name}.`)
  return { id: pulled.Id, remove: name }
}

async function load(
  site: Site,
  { file }: Extract<ImageImport['origin'], { kind: 'load' }>,
  signal: AbortSignal,
): Promise<Brought> {
  const tar = pack()
  const filling = fillNameless(tar, file, signal).catch(explainArchive)
  filling.catch((error: unknown) => tar.destroy(error as Error))
  const request = { method: 'POST', path: '/images/load', doing: 'load an image' } as const
  const sent = Readable.from(tar, { objectMode: false })
  const loading = site.engine.stream({ ...request, file: sent }, signal).then(lastLine)
  // What is wrong with the archive says more than what the engine makes of half of it.
  const [filled, loaded] = await Promise.allSettled([filling, loading])
  if (filled.status === 'rejected') throw filled.reason
  if (loaded.status === 'rejected') throw loaded.reason
  const said = loaded.value
  const id = /Loaded image ID: (sha256:[0-9a-f]{64})/.exec(said)?.[1]
  if (id === undefined) throw new BadImage('The archive holds more than one image, or none.')
  return { id, remove: id }
}

function explainArchive(error: unknown): never {
  if (error instanceof BadImage) throw error
  const reason = error instanceof Error ? error.message.toLowerCase() : String(error)
  throw new BadImage(`The archive is damaged (${reason}).`)
}

/**
 * The archive without the names it gives its images: else it could take the name of a stack. Of several
 * ways to describe itself only the one that every engine reads is left.
 */
async function fillNameless(tar: Pack, file: string, signal: AbortSignal): Promise<void> {
  const entries = extract()
  const [magic] = (await createReadStream(file, { end: 1 }).toArray()) as Buffer[]
  const isZipped = magic?.[0] === 0x1f && magic[1] === 0x8b
  const source = createReadStream(file)
  const reading = isZipped
    ? pipeline(source, createGunzip(), entries, { signal })
    : pipeline(source, entries, { signal })
  reading.catch(() => undefined)
  for await (const entry of entries) {
    const { name, type } = entry.header
    if (['repositories', 'index.json', 'oci-layout'].includes(name)) {
      entry.resume()
    } else if (name === 'manifest.json') {
      const text = nameless(await small(entry))
      await new Promise<void>((done) => {
        tar.entry({ name }, text, () => done())
      })
    } else if (type === 'file') {
      await pipeline(entry, tar.entry({ name, size: entry.header.size ?? 0, type: 'file' }))
    } else {
      await added(tar, entry.header)
      entry.resume()
    }
  }
  await reading
  tar.finalize()
}

function added(tar: Pack, header: Parameters<Pack['entry']>[0]): Promise<void> {
  return new Promise((done, fail) => {
    tar.entry(header, (error) => (error ? fail(error) : done()))
  })
}

const manifestBytes = 1024 ** 2

async function small(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > manifestBytes) throw new BadImage('The list of the archive is too long.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function nameless(json: string): string {
  try {
    const images = JSON.parse(json) as Record<string, unknown>[]
    if (images.length !== 1) throw new BadImage('The archive holds more than one image, or none.')
    return JSON.stringify(images.map((image) => ({ ...image, RepoTags: null })))
  } catch (error) {
    throw error instanceof BadImage ? error : new BadImage('The list of the archive is damaged.')
  }
}

/** Reads an answer to its end; throws what the engine says in it. */
async function lastLine(answer: Readable): Promise<string> {
  let last = ''
  for await (const line of createInterface({ input: answer })) {
    if (line === '') continue
    const { error, stream } = JSON.parse(line) as { error?: string; stream?: string }
    if (error !== undefined) throw new BadImage(error)
    last = stream ?? last
  }
  return last
}

/** Needs a name: a build starts from no id. */
async function claim(
  site: Site,
  { owner, tag, limits, timeoutMs }: ImageImport,
  id: string,
  onOutput: OnOutput,
  signal: AbortSignal,
): Promise<BuiltImage | null> {
  const [repo = '', version = ''] = tag.split(':')
  const from = `${repo}-import:${version}`
  const query = { repo: `${repo}-import`, tag: version }
  const path = `/images/${encodeURIComponent(id)}/tag`
  await site.engine.ask({ method: 'POST', path, query, doing: `name ${tag}` }, signal)
  try {
    const context = pack()
    context.entry({ name: 'Dockerfile' }, `FROM ${from}\n`)
    context.finalize()
    const file = Readable.from(context, { objectMode: false })
    const spec = {
      owner,
      context: file,
      dockerfile: 'Dockerfile',
      tag,
      buildArgs: {},
      limits,
      timeoutMs,
    }
    const quiet = (chunk: Buffer): void => {
      if (!/^(\[1\/1\] FROM|Successfully tagged|\n$)/.test(chunk.toString())) onOutput(chunk)
    }
    const image = await buildImage(site, spec, quiet, signal)
    return image === 'out-of-memory' ? null : image
  } finally {
    await removeName(site, from)
  }
}

async function removeName({ engine }: Site, name: string): Promise<void> {
  const path = `/images/${encodeURIComponent(name)}`
  const request = { method: 'DELETE', path, doing: `forget ${name}` } as const
  await unless([404, 409], engine.ask(request, AbortSignal.timeout(60_000)))
}
