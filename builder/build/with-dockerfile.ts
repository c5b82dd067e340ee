import type { BuiltSlug } from '#contract/push.ts'
import type { BuiltImage } from '#driver/driver.ts'
import { Refused } from '#builder/refused.ts'
import { durationText, sizeText } from '#builder/units.ts'
import { workplace } from './checkout.ts'
import { packContext } from './context.ts'
import { limitsOf } from './limits.ts'
import { readProcfile } from './procfile-read.ts'
import { ownerOf, type BuildRequest, type BuildTools } from './request.ts'
import type { Voice } from './voice.ts'

/**
 * Builds an image from the app's Dockerfile. Registry settings go in as build arguments, which a step
 * sees if the Dockerfile names them with `ARG` (proxies need no naming); config does not, since it
 * would be found in the image's history. The operator's CA bundle does not either: it is too long
 * for an argument, and a step has no mounts. Behind a private CA the base image must know it.
 */
export async function buildWithDockerfile(
  request: BuildRequest,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  const beganAt = performance.now()
  const { app } = workplace(tools.places.builds, request.id)
  voice.step('Dockerfile found')
  const image = await buildImage(request, tools, app, voice, signal)
  if (image === null) throw failed()
  const types = await readProcfile(app)
  const isNamed = Object.keys(types).length > 0
  if (!isNamed && !image.hasCommand) throw noCommand()
  const took = durationText(performance.now() - beganAt)
  voice.step(`Built image ${sizeText(image.sizeBytes)} in ${took}`)
  return {
    digest: image.id,
    artifact: { kind: 'image', image: image.id },
    // An empty command is the image's own.
    process_types: isNamed ? types : { web: '' },
    buildpack: 'Dockerfile',
    stack: request.checkout.stack,
    size: image.sizeBytes,
  }
}

function buildImage(
  request: BuildRequest,
  { workshop, config, instance }: BuildTools,
  app: string,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltImage | null> {
  const spec = {
    owner: ownerOf(request),
    context: packContext(app, signal),
    dockerfile: 'Dockerfile',
    tag: `slipway-${instance}/${request.checkout.app.name}:${request.id}`,
    buildArgs: { ...config.env, SOURCE_VERSION: request.commit },
    limits: limitsOf(config),
    timeoutMs: config.timeoutMs,
  }
  return workshop.buildImage(spec, (chunk) => voice.output(chunk), signal)
}

function failed(): Refused {
  const hint = 'See the output above; nothing was deployed.'
  return new Refused('compile', 'the Dockerfile could not be built', hint)
}

function noCommand(): Refused {
  const hint = 'Add CMD to the Dockerfile, or a file called Procfile with a line: web: COMMAND'
  return new Refused('release', 'the image has no command of its own', hint)
}
