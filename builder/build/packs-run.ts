import { join } from 'node:path'
import { Value } from 'typebox/value'
import { type Static, Type } from 'typebox'
import { ProcessTypes } from '#contract/release.ts'
import type { SandboxEnd, SandboxSpec } from '#driver/driver.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'
import { makeForApp, workplace } from './checkout.ts'
import { readPlainFile } from './files.ts'
import { limitsOf } from './limits.ts'
import { buildImageOf, ownerOf, type BuildRequest, type BuildTools } from './request.ts'
import { parseNeeds, type Need } from './runtime.ts'
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
  readonly needs: readonly Need[]
}

/** Exit code with which a buildpack asks for a runtime. */
const needsRuntime = 75
const resultLimitBytes = 65_536

/** Runs detect, compile and release in one sandbox; `layer` is a directory below the app, or null. */
export async function runPacks(
  request: BuildRequest,
  tools: BuildTools,
  { layer, attempt }: { layer: string | null; attempt: number },
  voice: Voice,
  signal: AbortSignal,
): Promise<PacksEnd> {
  const { root, out } = workplace(tools.places.builds, request.id)
  const results = await makeForApp(join(out, String(attempt)), signal)
  const cache = await makeForApp(join(tools.places.cache, request.checkout.app.id), signal)
  const spec = specOf(request, tools, { root, results, cache, layer, attempt })
  const end = await tools.workshop.run(spec, (chunk) => voice.output(chunk), signal)
  return readEnd(results, exitCodeOf(end, tools))
}

interface Parts {
  readonly root: string
  readonly results: string
  readonly cache: string
  readonly layer: string | null
  readonly attempt: number
}

function specOf(request: BuildRequest, tools: BuildTools, parts: Parts): SandboxSpec {
  const { config, places } = tools
  const { app } = workplace(places.builds, request.id)
  const { layer } = parts
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
      SLIPWAY_RESULT: '/out/result.json',
      SLIPWAY_NEEDS: '/out/needs',
      ...(layer === null ? {} : { SLIPWAY_LAYER: 'hit' }),
    },
    mounts: [
      { source: parts.cache, target: '/cache', writable: true },
      { source: parts.results, target: '/out', writable: true },
      { source: config.buildpacks, target: '/buildpacks', writable: false },
      { source: places.runtimes, target: '/runtimes', writable: false },
    ],
    overlay: { target: '/app', upper: app, lower: layer === null ? [] : [layer] },
    secrets: request.checkout.config,
    limits: limitsOf(config),
    timeoutMs: config.timeoutMs,
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

function outOfMemory(bytes: number): Refused {
  const hint = 'Make the build smaller, or ask the operator to raise SLIPWAY_BUILD_MEMORY.'
  return new Refused('compile', `the build needed more than ${sizeText(bytes)} of memory`, hint)
}

function outOfTime(ms: number): Refused {
  const hint = 'Make the build shorter, or ask the operator to raise SLIPWAY_BUILD_TIMEOUT.'
  return new Refused('compile', `the build took longer than ${Math.round(ms / 60_000)} min`, hint)
}

async function readEnd(results: string, exitCode: number): Promise<PacksEnd> {
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
