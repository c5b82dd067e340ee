import type Docker from 'dockerode'
import { EngineError } from '#driver/driver.ts'
import type { OwnImage } from '#driver/driver.ts'
import { unless } from './errors.ts'
import { containerFilter } from './labels.ts'
import type { Site } from './site.ts'

export type Image = Docker.ImageInspectInfo

/** Throws when the image is not there. */
export async function inspectImage(site: Site, image: string, signal: AbortSignal): Promise<Image> {
  const found = await findImage(site, image, signal)
  if (found !== null) return found
  throw new EngineError(`The image ${image} is not on this host.`, false)
}

/** Null when it is not there. */
export function findImage(
  { engine }: Site,
  image: string,
  signal: AbortSignal,
): Promise<Image | null> {
  const request = {
    method: 'GET',
    path: `${pathOf(image)}/json`,
    doing: `look at ${image}`,
  } as const
  return unless([404], engine.ask<Image>(request, signal))
}

/** `sha256:…` of an image; throws when it is not there. */
export async function imageDigest(site: Site, image: string, signal: AbortSignal): Promise<string> {
  return (await inspectImage(site, image, signal)).Id
}

/** Images with the label that builds of this platform give. */
export async function builtImages(
  { engine, settings }: Site,
  signal: AbortSignal,
): Promise<OwnImage[]> {
  const label = containerFilter(settings.instance, 'build')
  const query = { filters: JSON.stringify({ label }) }
  const request = { method: 'GET', path: '/images/json', query, doing: 'list images' } as const
  const images = await engine.ask<Docker.ImageInfo[]>(request, signal)
  return images.map(({ Id, Size, Created }) => ({
    id: Id,
    sizeBytes: Size,
    createdAtMs: Created * 1000,
  }))
}

/** Removes an image of ours with all its tags; throws when it is somebody else's or in use. */
export async function removeImage(site: Site, image: string, signal: AbortSignal): Promise<void> {
  const found = await findImage(site, image, signal)
  if (found === null) return
  const owner = (found.Config.Labels as Record<string, string> | null)?.['slipway.instance']
  if (owner !== site.settings.instance) {
    throw new EngineError(`The image ${image} is not one that this platform built.`, false)
  }
  for (const name of [...(found.RepoTags ?? []), found.Id]) await removeName(site, name, signal)
}

// Name by name and without force: an image that a container still uses must stay.
async function removeName({ engine }: Site, name: string, signal: AbortSignal): Promise<void> {
  const request = {
    method: 'DELETE',
    path: pathOf(name),
    doing: `remove the image ${name}`,
  } as const
  await unless([404], engine.ask(request, signal))
}

function pathOf(image: string): string {
  return `/images/${encodeURIComponent(image)}`
}
