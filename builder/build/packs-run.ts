import { join } from 'node:path'
import { Value } from 'typebox/value'
import { type Static, Type } from 'typebox'
import { ProcessTypes } from '#contract/release.ts'
import type { SandboxEnd, SandboxSpec } from '#driver/driver.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'
import { makeForApp, workplace } from './checkout.ts'
import type { ChosenPack } from './choice.ts'
import { readPlainFile } from './files.ts'
import { limitsOf, outOfMemory } from './limits.ts'
import { noReleases, readReleases, type PackReleases } from './pack-release.ts'
import { buildImageOf, ownerOf, type BuildRequest, type BuildTools } from './request.ts'
import { parseNeeds, type Need } from './runtime.ts'
import { OverlayWatch } from './overlay-watch.ts'
import type { Voice } from './voice.ts'

/** What `/buildpacks/build` writes about itself; it comes out of a sandbox, so nothing is sure. */
const Result = Type.Object({
  stage: Type.String({ pattern: '^[a-z][a-z-]{0,30}$' }),
  buildpack: Type.Optional(Type.Union([Type.String({ maxLength: 100 }), Type.Null()])),
  /** Folder of it. */
  pack: Type.Optional(Type.Union([Type.String({ maxLength: 100 }), Type.Null()])),
  process_types: Type.Optional(Type.Union([ProcessTypes, Type.Null()])),
  /** Whether the next build may begin with the layer's paths as they are now. */
  layer: Type.Optional(Type.Boolean()),
})

/** How a run of the buildpacks ended; `needs` are runtimes to fetch before the next try. */
export interface PacksEnd {
  readonly kind: 'built' | 'needs' | 'failed'
  readonly stage: string
  readonly exitCode: number
  /** Name of the buildpack, for people; empty when none took the app. */
  readonly buildpack: string
  /** Its folder. */
  readonly pack: string
  readonly keepsLayer: boolean
  readonly processTypes: Readonly<Record<string, string>>
  /** What `bin/release` of buildpacks that are not ours said. */
  readonly releases: PackReleases
  readonly needs: readonly Need[]
  /** Its output speaks of a move that an overlay does not allow. */
  readonly metOverlay: boolean
}

/** Exit code with which a buildpack asks for a runtime. */
const needsRuntime = 75
const resultLimitBytes = 65_536

/** Of one try. */
interface PacksRun {
  /** Directories below the app, or null. */
  readonly layer: string | null
  readonly ground: string | null
  readonly attempt: number
  /** Null: the first of ours that knows the app. */
  readonly chosen: readonly ChosenPack[] | null
}

/** More than anybody reads; printing it would only cost the apps beside it their CPU. */
const printLimitBytes = 64 * 1024 ** 2

/** Runs detect, compile and release in one sandbox. */
export async function runPacks(
  request: BuildRequest,
  tools: BuildTools,
  { layer, ground, attempt, chosen }: PacksRun,
  voice: Voice,
  signal: AbortSignal,
): Promise<PacksEnd> {
  const { root, out } = workplace(tools.places.builds, request.id)
  const results = await makeForApp(join(out, String(attempt)))
  const cache = await makeForApp(cacheOf(request, tools))
  const spec = specOf(request, tools, { root, results, cache, layer, ground, attempt, chosen })
  const output = new OverlayWatch()
  const heard = { output: (chunk: Buffer) => voice.output(output.pass(chunk)) }
  const end = await runBounded(tools, spec, heard, signal)
  const read = await readEnd(results, exitCodeOf(end, tools), chosen)
  return { ...read, metOverlay: output.met }
}

/** Of one stack each: what was compiled on one may not run on another. */
function cacheOf({ checkout: { app, stack } }: BuildRequest, { places }: BuildTools): string {
  return join(places.cache, app.id, stack)
}

async function runBounded(
  { workshop }: BuildTools,
  spec: SandboxSpec,
  voice: Pick<Voice, 'output'>,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const full = new AbortController()
  let printed = 0
  const show = (chunk: Buffer): void => {
    printed += chunk.length
    if (printed > printLimitBytes) full.abort(printsTooMuch())
    voice.output(chunk)
  }
  try {
    return await workshop.run(spec, show, AbortSignal.any([signal, full.signal]))
  } catch (error) {
    throw full.signal.aborted && !signal.aborted ? full.signal.reason : error
  }
}

function printsTooMuch(): Refused {
  const message = `the build printed more than ${sizeText(printLimitBytes)} and was stopped`
  return new Refused('compile', message, 'Let it print less.')
}

interface Parts extends PacksRun {
  readonly root: string
  readonly results: string
  readonly cache: string
}

function specOf(request: BuildRequest, tools: BuildTools, parts: Parts): SandboxSpec {
  const { config, places } = tools
  const { app } = workplace(places.builds, request.id)
  const lower = [parts.layer, parts.ground].filter((path) => path !== null)
  return {
    name: `slw-build-${request.id}-${parts.attempt}`,
    owner: ownerOf(request),
    image: buildImageOf(request),
    argv: ['/buildpacks/build'],
    env: {
      ...config.env,
      ENV_DIR: '/run/secrets',
      STACK: request.checkout.stack,
      SOURCE_VERSION: request.commit,
      REQUEST_ID: request.id,
      ...(parts.chosen === null ? {} : envOf(parts.chosen, request)),
      SLIPWAY_RESULT: '/out/result.json',
      SLIPWAY_NEEDS: '/out/needs',
      ...(parts.layer === null ? {} : { SLIPWAY_LAYER: 'hit' }),
    },
    mounts: [
      { source: parts.cache, target: '/cache', writable: true },
      { source: parts.results, target: '/out', writable: true },
      { source: config.buildpacks, target: '/buildpacks', writable: false },
      { source: places.runtimes, target: '/runtimes', writable: false },
      ...(parts.chosen ?? []).flatMap((pack) =>
        pack.kind === 'ours' ? [] : [{ source: pack.home, target: pack.target, writable: false }],
      ),
    ],
    overlay: { target: '/app', upper: app, lower },
    secrets: request.checkout.config,
    limits: limitsOf(config),
    timeoutMs: config.timeoutMs,
    recurs: (parts.chosen ?? []).every(({ kind }) => kind === 'ours'),
  }
}

/** The app may say which stack a buildpack that does not know ours shall take it for. */
function envOf(chosen: readonly ChosenPack[], { checkout }: BuildRequest): Record<string, string> {
  const names = chosen.map((pack) => (pack.kind === 'ours' ? pack.pack.folder : pack.target))
  const labels = chosen.map(({ label }) => label.replace(/\s/g, ''))
  const stack = checkout.config['STACK']
  return {
    SLIPWAY_PACKS: names.join(' '),
    SLIPWAY_PACK_LABELS: labels.join(' '),
    SLIPWAY_RELEASES: '/out',
    ...(stack === undefined ? {} : { STACK: stack }),
  }
}

function exitCodeOf(end: SandboxEnd, { config }: BuildTools): number {
  switch (end.kind) {
    case 'exit':
      return end.code
    case 'out-of-memory':
      throw outOfMemory(config.memoryBytes)
    case 'timeout':
      throw outOfTime(config.timeoutMs)
  }
}

function outOfTime(ms: number): Refused {
  const hint = 'Make the build shorter, or ask the operator to raise SLIPWAY_BUILD_TIMEOUT.'
  return new Refused('compile', `the build took longer than ${Math.round(ms / 60_000)} min`, hint)
}

async function readEnd(
  results: string,
  exitCode: number,
  chosen: readonly ChosenPack[] | null,
): Promise<Omit<PacksEnd, 'metOverlay'>> {
  const json = await readPlainFile(join(results, 'result.json'), resultLimitBytes)
  const result = parseResult(json)
  const needs = exitCode === needsRuntime ? await readNeeds(results) : []
  const kind = exitCode === 0 ? 'built' : needs.length > 0 ? 'needs' : 'failed'
  return {
    kind,
    stage: result.stage,
    exitCode,
    buildpack: result.buildpack ?? '',
    pack: result.pack ?? '',
    keepsLayer: result.layer ?? false,
    processTypes: result.process_types ?? {},
    releases: kind === 'built' ? await readReleases(results, chosen ?? []) : noReleases,
    needs,
  }
}

async function readNeeds(results: string): Promise<Need[]> {
  return parseNeeds((await readPlainFile(join(results, 'needs'), resultLimitBytes)) ?? '')
}

/** A build that died before it wrote anything failed at `compile`. */
function parseResult(json: string | null): Static<typeof Result> {
  try {
    return Value.Parse(Result, JSON.parse(json ?? ''))
  } catch {
    return { stage: 'compile' }
  }
}
