import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Refused } from '#builder/refused.ts'
import { makeForApp, workplace } from './checkout.ts'
import { isDirectory } from './files.ts'
import { run } from '#builder/process.ts'
import { limitsOf } from './limits.ts'
import type { Buildpack } from './packs.ts'
import { ownerOf, type BuildRequest, type BuildTools } from './request.ts'
import type { Voice } from './voice.ts'

/** A runtime a build asked for: `node 24.x`. */
export interface Need {
  readonly name: string
  readonly spec: string
}

const need = /^([a-z][a-z0-9-]{0,30}) ([\w.*^~<>=| +-]{1,80})$/

/** Reads the file of needs; lines that are none are left out, as it was written in a sandbox. */
export function parseNeeds(text: string): Need[] {
  const found = text.split('\n').map((line) => need.exec(line.trim()))
  return found.flatMap((match) => {
    const [, name, spec] = match ?? []
    return name === undefined || spec === undefined ? [] : [{ name, spec: spec.trim() }]
  })
}

/**
 * Fetches a runtime into the store, by the buildpack's `bin/runtime`, in a container that holds nothing
 * of any app: what it makes is used by all of them.
 */
export async function provideRuntime(
  request: BuildRequest,
  tools: BuildTools,
  pack: Buildpack,
  { name, spec }: Need,
  voice: Voice,
  signal: AbortSignal,
): Promise<void> {
  const { places, config, workshop } = tools
  const out = join(workplace(places.builds, request.id).root, `runtime-${name}`)
  await rm(out, { recursive: true, force: true })
  await makeForApp(out)
  let printed = ''
  const end = await workshop.run(
    {
      name: `slw-runtime-${request.id}-${name}`,
      owner: ownerOf(request),
      image: `${request.checkout.stack}:${pack.runtimes_in ?? 'build'}`,
      argv: [`/buildpacks/${pack.folder}/bin/runtime`, name, spec, '/out'],
      env: { ...config.env, STACK: request.checkout.stack },
      mounts: [
        { source: config.buildpacks, target: '/buildpacks', writable: false },
        { source: out, target: '/out', writable: true },
      ],
      overlay: null,
      secrets: {},
      limits: limitsOf(config),
      timeoutMs: config.timeoutMs,
    },
    (chunk) => {
      printed = (printed + chunk.toString()).slice(-4096)
      voice.output(withoutVersion(chunk))
    },
    signal,
  )
  const version = versionIn(printed)
  if (end.kind !== 'exit' || end.code !== 0 || version === null) throw missing(name, spec)
  await keepRuntime(out, join(places.runtimes, name), version, signal)
}

/** What is said to us is not for the pusher. */
function withoutVersion(chunk: Buffer): Buffer {
  return Buffer.from(chunk.toString('latin1').replace(/^version=.*\n/m, ''), 'latin1')
}

/** The last line says `version=24.21.0`. */
function versionIn(printed: string): string | null {
  return /(?:^|\n)version=([\w.+-]{1,60})\s*$/.exec(printed)?.[1] ?? null
}

function missing(name: string, spec: string): Refused {
  const hint = 'Ask for a version that exists, and see above for what the registry answered.'
  return new Refused('runtime', `${name} ${spec} could not be fetched`, hint)
}

async function keepRuntime(
  out: string,
  store: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const target = join(store, version)
  await mkdir(store, { recursive: true, mode: 0o755 })
  if (process.getuid?.() === 0) await run(['chown', '-hR', '0:0', out], {}, signal)
  if (await isDirectory(target)) await rm(out, { recursive: true, force: true })
  else await rename(out, target)
}
