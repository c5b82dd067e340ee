import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import type { BuiltSlug } from '#contract/push.ts'
import type { ImageOrigin } from '#driver/driver.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'
import { requireFreeDisk, watchDisk } from './disk.ts'
import { limitsOf } from './limits.ts'
import { ownerOf, type BuildRequest, type BuildTools } from './request.ts'
import type { Voice } from './voice.ts'
import { factsOf, imageArtifact } from './with-dockerfile.ts'

/** Makes what a build makes. */
export type Make = (
  request: BuildRequest,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
) => Promise<BuiltSlug>

/** Takes an image as it is, in place of building one. */
export function makeFromImage(origin: ImageOrigin): Make {
  return async (request, tools, voice, signal) => {
    const { workshop, instance, config, places, limits } = tools
    voice.step(origin.kind === 'pull' ? `Pulling ${origin.name}` : 'Loading the image')
    await requireFreeDisk(places.builds, limits.freeBytes)
    const spec = {
      owner: ownerOf(request),
      origin,
      tag: `slipway-${instance}/${request.checkout.app.name}:${request.id}`,
      limits: limitsOf(config),
      timeoutMs: config.timeoutMs,
    }
    const show = (chunk: Buffer): void => voice.output(chunk)
    const image = await watchDisk(places.builds, limits.freeBytes / 4, signal, (watched) =>
      workshop.importImage(spec, show, watched),
    )
    if (image === null) throw notTaken(origin)
    if (!image.hasCommand) throw noCommand()
    voice.step(`Took an image of ${sizeText(image.sizeBytes)}`)
    for (const line of factsOf(image)) voice.text(line)
    return {
      digest: image.id,
      artifact: imageArtifact(image),
      process_types: { web: '' },
      buildpack: 'Image',
      stack: request.checkout.stack,
      size: image.sizeBytes,
    }
  }
}

function notTaken(origin: ImageOrigin): Refused {
  const what =
    origin.kind === 'pull'
      ? `the image ${origin.name} could not be pulled`
      : 'the archive is no image the engine can load'
  return new Refused('image', what, 'See the output above; nothing was deployed.')
}

function noCommand(): Refused {
  const hint = 'Give it CMD or ENTRYPOINT, or build it here from a Dockerfile with a Procfile.'
  return new Refused('release', 'the image has no command of its own', hint)
}

/** An image as `docker save` writes it has its list first or last; nothing else of it is read. */
export async function readImageArchive(
  file: string,
  signal: AbortSignal,
): Promise<{ readonly digest: string } | null> {
  const hash = createHash('sha256')
  let isImage = false
  let hasLayers = false
  const names = extract()
  const source = createReadStream(file)
  const [magic] = (await createReadStream(file, { end: 1 }).toArray()) as Buffer[]
  const isZipped = magic?.[0] === 0x1f && magic[1] === 0x8b
  source.on('data', (chunk) => hash.update(chunk))
  const read = isZipped
    ? pipeline(source, createGunzip(), names, { signal })
    : pipeline(source, names, { signal })
  read.catch(() => undefined)
  try {
    for await (const entry of names) {
      isImage ||= entry.header.name === 'manifest.json'
      hasLayers ||= /(^|\/)layer\.tar$|^blobs\/sha256\//.test(entry.header.name)
      entry.resume()
    }
    await read
  } catch {
    signal.throwIfAborted()
    // Whoever unpacks it says what is wrong.
    return null
  }
  return isImage && hasLayers ? { digest: hash.digest('hex') } : null
}
