import { join } from 'node:path'
import type { BuiltSlug } from '#contract/push.ts'
import { artifactKey, findArtifact, keepArtifact } from './artifacts.ts'
import { checkOutFiles, workplace } from './checkout.ts'
import { requireFreeDisk, watchDisk } from './disk.ts'
import { isFile } from './files.ts'
import { readProcfile } from './procfile-read.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import type { Voice } from './voice.ts'
import { buildWithDockerfile } from './with-dockerfile.ts'
import { buildWithPacks } from './with-packs.ts'

/**
 * Makes the slug of a commit, or finds the one that was made from the same before.
 *
 * Throws Refused when it cannot be built, EngineError when the engine fails, and the signal's reason
 * when it is cancelled.
 */
export async function build(
  request: BuildRequest,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  const key = await artifactKey(request, tools, signal)
  const known = await findArtifact(tools, key, signal)
  if (known !== null) {
    voice.step(`Nothing changed since it was built last: using the same ${known.buildpack} slug`)
    return known
  }
  const leave = await tools.queue.enter((before) => voice.text(placeText(before)), signal)
  try {
    const slug = await buildAnew(request, tools, voice, signal)
    await keepArtifact(tools.places.artifacts, key, slug)
    return slug
  } finally {
    leave()
  }
}

function placeText(before: number): string {
  return before === 1 ? 'Waiting for 1 other build' : `Waiting for ${before} other builds`
}

async function buildAnew(
  request: BuildRequest,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  const { builds } = tools.places
  const { freeBytes } = tools.limits
  await requireFreeDisk(builds, freeBytes)
  return watchDisk(builds, freeBytes / 4, signal, async (watched) => {
    const { app } = workplace(builds, request.id)
    await checkOutFiles(request, app, watched)
    // A Procfile that is wrong should not cost a whole build.
    await readProcfile(app)
    const hasDockerfile = await isFile(join(app, 'Dockerfile'))
    const make = hasDockerfile ? buildWithDockerfile : buildWithPacks
    return make(request, tools, voice, watched)
  })
}
