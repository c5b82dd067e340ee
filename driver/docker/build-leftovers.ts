import { setTimeout as pause } from 'node:timers/promises'
import { retry } from '#lib/retry.ts'
import { pathOf, removeContainer } from './container.ts'
import { Refusal, unless } from './errors.ts'
import type { Image } from './image.ts'
import type { Site } from './site.ts'

/** Removes what is left of the steps' containers, and waits for those the engine is removing. */
export async function removeSteps(
  site: Site,
  build: { readonly containers: ReadonlySet<string>; readonly group: string },
  signal: AbortSignal,
): Promise<void> {
  const request = { method: 'GET', doing: 'look at a step' } as const
  for (const id of build.containers) {
    const look = { ...request, path: `${pathOf(id)}/json` }
    const find = (): Promise<Step | null> => unless([404], site.engine.ask<Step>(look, signal))
    // A step can print what the builder prints, so an id proves nothing: the group does.
    const isThere = async (): Promise<boolean> =>
      (await find())?.HostConfig.CgroupParent === build.group
    while (await isThere()) {
      await removeContainer(site, id, signal)
      await pause(100, undefined, { signal })
    }
  }
}

interface Step {
  readonly HostConfig: { readonly CgroupParent: string }
}

/**
 * Removes the nameless images that a build left: steps before the one that failed, and earlier
 * stages. The engine would keep them for ever as a cache, with nothing on them that says whose they
 * are. The steps of an image that has a name stay, and go with it.
 */
export async function removeLeftovers(
  site: Site,
  build: { readonly images: ReadonlySet<string>; readonly beganAtMs: number },
  signal: AbortSignal,
): Promise<void> {
  // Newest first: an image takes its nameless parents with it.
  for (const id of [...build.images].toReversed()) {
    const image = await inspect(site, id, signal)
    if (image !== null && isOurs(image, build.beganAtMs)) await remove(site, id, signal)
  }
}

// A step can print what the builder prints, so an id proves nothing.
function isOurs({ RepoTags, RepoDigests, Created }: Image, beganAtMs: number): boolean {
  const names = [...(RepoTags ?? []), ...(RepoDigests ?? [])]
  return names.length === 0 && Date.parse(Created) >= beganAtMs
}

function inspect({ engine }: Site, id: string, signal: AbortSignal): Promise<Image | null> {
  const request = { method: 'GET', path: `/images/${id}/json`, doing: `look at ${id}` } as const
  return unless([404], engine.ask<Image>(request, signal))
}

/** A container that is being killed still holds its image. */
const patient = {
  times: 20,
  pauseMs: 100,
  isPassing: (error: unknown) => error instanceof Refusal && /being used by/.test(error.message),
}

async function remove({ engine }: Site, id: string, signal: AbortSignal): Promise<void> {
  const request = { method: 'DELETE', path: `/images/${id}`, doing: `remove ${id}` } as const
  // 409: another image stands on it.
  await unless(
    [404, 409],
    retry(() => engine.ask(request, signal), patient, signal),
  )
}
