import type Docker from 'dockerode'
import { EngineError } from '#driver/driver.ts'
import { unless } from './errors.ts'
import type { Site } from './site.ts'

export type Image = Docker.ImageInspectInfo

/** Throws when the image is not there. */
export async function inspectImage(site: Site, image: string, signal: AbortSignal): Promise<Image> {
  const found = await findImage(site, image, signal)
  if (found !== null) return found
  throw new EngineError(`The image ${image} is not on this host.`, false)
}

function findImage({ engine }: Site, image: string, signal: AbortSignal): Promise<Image | null> {
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
