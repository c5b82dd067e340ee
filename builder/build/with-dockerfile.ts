import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { BuiltSlug } from '#contract/push.ts'
import type { Artifact } from '#contract/release.ts'
import type { BuiltImage, ImageSpec } from '#driver/driver.ts'
import { Refused } from '#builder/refused.ts'
import { durationText, sizeText } from '#builder/units.ts'
import { workplace } from './checkout.ts'
import { packContext } from './context.ts'
import { explainDockerFailure } from './dockerfile-failure.ts'
import { readDockerfile, type Dockerfile } from './dockerfile.ts'
import { readPlainFile } from './files.ts'
import { limitsOf, outOfMemory } from './limits.ts'
import type { DockerPlan } from './plan.ts'
import { readProcfile } from './procfile-read.ts'
import { ownerOf, type BuildRequest, type BuildTools } from './request.ts'
import type { Voice } from './voice.ts'

/**
 * Builds an image from the app's Dockerfile.
 *
 * Config is there as secrets (`RUN --mount=type=secret,id=KEY`), which leave no trace in the image.
 * Registry settings and config are build arguments too where the Dockerfile declares them with `ARG`;
 * such a value stays in the image's history, which is said. The operator's CA bundle is the secret
 * `SLIPWAY_CA_BUNDLE`: it is too long for an argument.
 */
export async function buildWithDockerfile(
  request: BuildRequest,
  tools: BuildTools,
  plan: DockerPlan,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  const beganAt = performance.now()
  const { app } = workplace(tools.places.builds, request.id)
  const path = posix.join(plan.context, plan.dockerfile)
  const text = await readPlainFile(join(app, path), dockerfileBytes)
  if (text === null) throw noDockerfile(path)
  voice.step(path === 'Dockerfile' ? 'Dockerfile found' : `Building ${path}`)
  const file = readDockerfile(text)
  const { image, said } = await buildImage(request, tools, { plan, file }, voice, signal)
  if (image === 'out-of-memory') throw outOfMemory(tools.config.memoryBytes)
  if (image === null) throw failed(path, file, said, plan.target)
  const named = plan.processTypes
  const types = Object.keys(named).length > 0 ? named : await readProcfile(app)
  const isNamed = Object.keys(types).length > 0
  const needsCommand = !isNamed || Object.values(types).includes('')
  if (needsCommand && !image.hasCommand) throw noCommand()
  const took = durationText(performance.now() - beganAt)
  voice.step(`Built image ${sizeText(image.sizeBytes)} in ${took}`)
  for (const line of factsOf(image)) voice.text(line)
  return {
    digest: image.id,
    artifact: imageArtifact(image),
    // An empty command is the image's own.
    process_types: isNamed ? types : { web: '' },
    buildpack: 'Dockerfile',
    stack: request.checkout.stack,
    size: image.sizeBytes,
  }
}

const dockerfileBytes = 1024 ** 2

/** An image as a release runs it; the one port it exposes is where it listens. */
export function imageArtifact({ id, ports }: BuiltImage): Extract<Artifact, { kind: 'image' }> {
  const [port, ...more] = ports
  const one = port === undefined || more.length > 0 ? {} : { port }
  return { kind: 'image', image: id, ...one }
}

/** What the image says of itself that its author may wonder about. */
export function factsOf({ ports, user, hasHealthCheck }: BuiltImage): string[] {
  const [port, ...more] = ports
  const listens =
    port === undefined || more.length > 0
      ? 'It must listen on $PORT'
      : `It exposes one port: PORT is ${port}`
  return [
    listens,
    ...(/^(root|0)?(:|$)/.test(user) ? ['It runs as uid 10001, since its user is root'] : []),
    ...(hasHealthCheck ? ['Its HEALTHCHECK is not run: those of app.json are'] : []),
  ]
}

/** How much of the end of what was said is kept, to explain a failure. */
const saidBytes = 4096

async function buildImage(
  request: BuildRequest,
  { workshop, config, instance, places, fresh = false }: BuildTools,
  { plan, file }: { readonly plan: DockerPlan; readonly file: Dockerfile },
  voice: Voice,
  signal: AbortSignal,
): Promise<{ image: BuiltImage | 'out-of-memory' | null; said: string }> {
  const { context, dockerfile, target } = plan
  const { app } = workplace(places.builds, request.id)
  const spec: ImageSpec = {
    owner: ownerOf(request),
    context: packContext(join(app, context), dockerfile, signal),
    dockerfile,
    ...(target === null ? {} : { target }),
    tag: `slipway-${instance}/${request.checkout.app.name}:${request.id}`,
    buildArgs: argsOf(request, config.env, plan, file, voice),
    secrets: { ...request.checkout.config, ...(await caBundleIn(config)) },
    fresh,
    limits: limitsOf(config),
    timeoutMs: config.timeoutMs,
  }
  let said = ''
  const show = (chunk: Buffer): void => {
    said = (said + chunk.toString('latin1')).slice(-saidBytes)
    voice.output(chunk)
  }
  const image = await workshop.buildImage(spec, show, signal)
  return { image, said: Buffer.from(said, 'latin1').toString() }
}

/** Proxies, which every step gets without `ARG`, and which are in no history. */
const undeclared = /^(https?|ftp|all|no)_proxy$/i

function argsOf(
  { commit, checkout }: BuildRequest,
  env: Readonly<Record<string, string>>,
  { args }: DockerPlan,
  file: Dockerfile,
  voice: Voice,
): Record<string, string> {
  const ofConfig = Object.entries(checkout.config).filter(([key]) => file.args.has(key))
  if (ofConfig.length > 0) {
    const keys = ofConfig.map(([key]) => key).join(', ')
    const instead = 'for a secret use RUN --mount=type=secret,id=KEY instead'
    voice.say('hint', `The image keeps the build arguments ${keys}; ${instead}`)
  }
  const offered = Object.entries({ ...env, SOURCE_VERSION: commit })
  const wanted = offered.filter(([key]) => file.args.has(key) || undeclared.test(key))
  return { ...Object.fromEntries([...wanted, ...ofConfig]), ...args }
}

async function caBundleIn({ caBundle }: BuildTools['config']): Promise<Record<string, string>> {
  if (caBundle === null) return {}
  return { SLIPWAY_CA_BUNDLE: await readFile(caBundle, 'utf8') }
}

function noDockerfile(path: string): Refused {
  const hint =
    'Commit it there, or name the right one: app dockerfile:set PATH (heroku.yml: build.docker)'
  return new Refused('manifest', `there is no Dockerfile at ${path}`, hint)
}

function failed(path: string, file: Dockerfile, said: string, target: string | null): Refused {
  const { message, hint } = explainDockerFailure(path, file, said, target)
  return new Refused('compile', message, hint)
}

function noCommand(): Refused {
  const hint = 'Add CMD to the Dockerfile, or a file called Procfile with a line: web: COMMAND'
  return new Refused('release', 'the image has no command of its own', hint)
}
