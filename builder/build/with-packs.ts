import type { BuiltSlug } from '#contract/push.ts'
import { Refused } from '#builder/refused.ts'
import { storeSlug } from '#builder/slug/store.ts'
import { durationText, sizeText } from '#builder/units.ts'
import { checkOutFiles, workplace } from './checkout.ts'
import { planLayers, takeLayer, type Layer } from './layer.ts'
import { readPacks, type Buildpack } from './packs.ts'
import { runPacks, type PacksEnd } from './packs-run.ts'
import { readProcfile } from './procfile-read.ts'
import { buildImageOf, type BuildRequest, type BuildTools } from './request.ts'
import { provideRuntime } from './runtime.ts'
import type { Voice } from './voice.ts'

/** How often a build may ask for more runtimes. */
const attempts = 4

/** Builds a slug with the buildpacks. Throws Refused when the app cannot be built. */
export async function buildWithPacks(
  request: BuildRequest,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  const beganAt = performance.now()
  const { app } = workplace(tools.places.builds, request.id)
  const packs = await readPacks(tools.config.buildpacks)
  const stack = await tools.workshop.imageDigest(buildImageOf(request), signal)
  const layers = await planLayers(request, tools, packs, app, stack)
  const { end, used } = await compile({ request, tools, voice, signal }, packs, layers)
  const types = { ...end.processTypes, ...(await readProcfile(app)) }
  if (Object.keys(types).length === 0) throw noTypes()

  const layer = used ?? (await makeLayer(layers, end, app))
  const slug = await storeSlug(tools.places, tools.limits.slugBytes, app, layer, signal)
  const took = durationText(performance.now() - beganAt)
  voice.step(`Compiled slug ${sizeText(slug.sizeBytes)} in ${took}`)
  return {
    digest: slug.digest,
    artifact: { kind: 'tree', layers: slug.layers },
    process_types: types,
    buildpack: end.buildpack,
    stack: request.checkout.stack,
    size: slug.sizeBytes,
  }
}

interface Context {
  readonly request: BuildRequest
  readonly tools: BuildTools
  readonly voice: Voice
  readonly signal: AbortSignal
}

/** Runs the buildpacks until they need nothing more; `used` is the layer the build began with. */
async function compile(
  { request, tools, voice, signal }: Context,
  packs: readonly Buildpack[],
  layers: readonly Layer[],
): Promise<{ end: PacksEnd; used: string | null }> {
  let layer = layers.find(({ isThere }) => isThere) ?? null
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const options = { layer: layer?.path ?? null, attempt }
    const end = await runPacks(request, tools, options, voice, signal)
    if (end.kind === 'failed') throw failed(end, packs)
    if (end.kind === 'needs') {
      const pack = packOf(packs, end)
      if (pack === undefined) throw failed(end, packs)
      for (const need of end.needs) {
        await provideRuntime(request, tools, pack, need, voice, signal)
      }
    } else if (layer === null || packOf(packs, end) === layer.pack) {
      return { end, used: layer?.path ?? null }
    } else {
      // Another buildpack took the app than the one whose layer we laid below it: begin anew.
      const { app } = workplace(tools.places.builds, request.id)
      await checkOutFiles(request, app, signal)
      layer = null
    }
  }
  throw new Refused('compile', 'the build asked for runtimes again and again', lookAbove)
}

const lookAbove = 'Look at the output above.'

/** What the next build with the same dependencies begins with. */
async function makeLayer(
  layers: readonly Layer[],
  end: PacksEnd,
  app: string,
): Promise<string | null> {
  const layer = layers.find(({ pack }) => pack.folder === end.pack)
  if (layer === undefined || !end.keepsLayer) return null
  return (await takeLayer(layer, app)) ? layer.path : null
}

function packOf(packs: readonly Buildpack[], end: PacksEnd): Buildpack | undefined {
  return packs.find(({ folder }) => folder === end.pack)
}

function failed(end: PacksEnd, packs: readonly Buildpack[]): Refused {
  if (end.stage === 'detect') return nothingDetected(packs)
  const by = end.buildpack === '' ? '' : ` of ${end.buildpack}`
  const message = `the build failed: ${end.stage}${by} ended with exit code ${end.exitCode}`
  return new Refused(end.stage, message, 'See the output above; nothing was deployed.')
}

/** Lists what would have been detected. */
function nothingDetected(packs: readonly Buildpack[]): Refused {
  const kinds = packs.map(({ name, detect }) => `${name} (${detect.join(' or ')})`)
  const hint = `Slipway builds ${[...kinds, 'or anything with a Dockerfile'].join(', ')}.`
  return new Refused('detect', 'no app was found in this repository', hint)
}

function noTypes(): Refused {
  const hint = 'Add a file called Procfile with a line such as: web: node server.js'
  return new Refused('release', 'nothing says how this app is started', hint)
}
