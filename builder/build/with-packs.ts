import type { BuiltSlug } from '#contract/push.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { Refused } from '#builder/refused.ts'
import { storeSlug } from '#builder/slug/store.ts'
import { durationText, sizeText } from '#builder/units.ts'
import { checkOutFiles, workplace } from './checkout.ts'
import type { ChosenPack } from './choice.ts'
import { keyOf } from './key.ts'
import type { Ground } from './ground.ts'
import { planLayers, takeLayer, type Layer } from './layer.ts'
import { spellOutOpaque } from './opaque.ts'
import { readPacks, type Buildpack } from './packs.ts'
import { runPacks, type PacksEnd } from './packs-run.ts'
import { readProcfile } from './procfile-read.ts'
import { buildImageOf, type BuildRequest, type BuildTools } from './request.ts'
import { provideRuntime } from './runtime.ts'
import type { Voice } from './voice.ts'

/** How often a build may ask for more runtimes. */
const attempts = 4

/** Which buildpacks, and what the app's files say besides. */
export interface PacksWish {
  /** In order; null: the first of ours that knows the app. */
  readonly chosen: readonly ChosenPack[] | null
  readonly how: { readonly processTypes: ProcessTypes }
  /** What was checked out below the app; null: all of it is in the app. */
  readonly ground: Ground | null
}

/** Builds a slug with the buildpacks. Throws Refused when the app cannot be built. */
export async function buildWithPacks(
  request: BuildRequest,
  tools: BuildTools,
  { chosen, how, ground }: PacksWish,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  const beganAt = performance.now()
  const { app } = workplace(tools.places.builds, request.id)
  if (chosen !== null) announce(chosen, voice)
  const packs = await readPacks(tools.config.buildpacks)
  const stack = await tools.workshop.imageDigest(buildImageOf(request), signal)
  const base = layerBase(packs, chosen, stack)
  const layers = await planLayers(request, tools, base.packs, app, base.digest)
  const context = { request, tools, voice, signal }
  const { end, used, kept } = await compile(context, { packs, chosen, ground }, layers)
  const proposed = end.releases.processTypes ?? end.processTypes
  const types = { ...proposed, ...(await readProcfile(app)), ...how.processTypes }
  if (Object.keys(types).length === 0) throw noTypes()
  if (end.releases.processTypes !== null) list(types, voice)

  const layer = used ?? (await makeLayer(layers, end, app))
  if (kept !== null) await spellOutOpaque(app, kept.path, signal)
  const below = { layer, ground: kept }
  const slug = await storeSlug(tools.places, tools.limits.slugBytes, app, below, signal)
  const took = durationText(performance.now() - beganAt)
  voice.step(`Compiled slug ${sizeText(slug.sizeBytes)} in ${took}`)
  return {
    digest: slug.digest,
    artifact: { kind: 'tree', layers: slug.layers },
    process_types: types,
    buildpack: end.buildpack,
    stack: request.checkout.stack,
    size: slug.sizeBytes,
    ...(hasAny(end.releases.config)
      ? { first: { config: end.releases.config, formation: {} } }
      : {}),
  }
}

function announce(chosen: readonly ChosenPack[], voice: Voice): void {
  voice.step(chosen.length === 1 ? 'Using a buildpack' : `Using ${chosen.length} buildpacks`)
  for (const [index, { label }] of chosen.entries()) voice.text(`${index + 1}. ${label}`)
}

function list(types: ProcessTypes, voice: Voice): void {
  voice.step('Process types')
  for (const [type, command] of Object.entries(types)) {
    voice.text(`${type}: ${command.replace(/\s+/g, ' ')}`)
  }
}

function hasAny(record: Readonly<Record<string, string>>): boolean {
  return Object.keys(record).length > 0
}

/**
 * Whose dependencies may lie below the app. Of several chosen buildpacks only those of the last can: it
 * finds what the others made; and the others are part of what they are made from.
 */
function layerBase(
  packs: readonly Buildpack[],
  chosen: readonly ChosenPack[] | null,
  stack: string,
): { packs: readonly Buildpack[]; digest: string } {
  if (chosen === null) return { packs, digest: stack }
  const last = chosen.at(-1)
  const folder = last?.kind === 'ours' ? last.pack.folder : null
  const own = packs.filter((pack) => pack.folder === folder)
  return { packs: own, digest: keyOf([stack, ...chosen.map(({ digest }) => digest)]) }
}

interface Context {
  readonly request: BuildRequest
  readonly tools: BuildTools
  readonly voice: Voice
  readonly signal: AbortSignal
}

/**
 * Runs the buildpacks until they need nothing more; `used` is the layer the build began with, `kept` the
 * ground it stands on.
 */
async function compile(
  { request, tools, voice, signal }: Context,
  { packs, chosen, ground }: Omit<PacksWish, 'how'> & { readonly packs: readonly Buildpack[] },
  layers: readonly Layer[],
): Promise<{ end: PacksEnd; used: string | null; kept: Ground | null }> {
  let layer = layers.find(({ isThere }) => isThere) ?? null
  let kept = ground
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const below = { layer: layer?.path ?? null, ground: kept?.path ?? null }
    const options = { ...below, attempt, chosen }
    const end = await runPacks(request, tools, options, voice, signal)
    if (end.kind === 'failed' && kept !== null && end.metOverlay) {
      voice.say('hint', 'It moves directories of the repository: building once more with a copy')
      await checkOutAnew(request, tools, signal)
      kept = null
      continue
    }
    if (end.kind === 'failed') throw failed(end, packs, chosen)
    if (end.kind === 'needs') {
      const pack = packOf(packs, end)
      if (pack === undefined) throw failed(end, packs, chosen)
      for (const need of end.needs) {
        await provideRuntime(request, tools, pack, need, voice, signal)
      }
      // Others may have compiled before the one that lacks something: each begins with what was pushed.
      if (chosen !== null && chosen.length > 1) await checkOutAnew(request, tools, signal)
    } else if (layer === null || packOf(packs, end) === layer.pack) {
      return { end, used: layer?.path ?? null, kept }
    } else {
      // Another buildpack took the app than the one whose layer we laid below it: begin anew.
      await checkOutAnew(request, tools, signal)
      layer = null
      kept = null
    }
  }
  throw new Refused('compile', 'the build asked for runtimes again and again', lookAbove)
}

function checkOutAnew(
  request: BuildRequest,
  tools: BuildTools,
  signal: AbortSignal,
): Promise<void> {
  return checkOutFiles(request, workplace(tools.places.builds, request.id).app, signal)
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

function failed(
  end: PacksEnd,
  packs: readonly Buildpack[],
  chosen: readonly ChosenPack[] | null,
): Refused {
  const label = chosen?.find((pack) => folderOf(pack) === end.pack)?.label
  if (end.stage === 'detect')
    return label === undefined ? nothingDetected(packs) : doesNotFit(label)
  const name = label ?? end.buildpack
  const by = name === '' ? '' : ` of ${name}`
  const message = `the build failed: ${end.stage}${by} ended with exit code ${end.exitCode}`
  return new Refused(end.stage, message, 'See the output above; nothing was deployed.')
}

/** What the sandbox calls it. */
function folderOf(pack: ChosenPack): string {
  return pack.kind === 'ours' ? pack.pack.folder : pack.target
}

function doesNotFit(label: string): Refused {
  const hint =
    'It was chosen and says no: choose another, or none (app buildpacks:clear), and push again.'
  return new Refused('detect', `the buildpack ${label} does not know this app`, hint)
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
