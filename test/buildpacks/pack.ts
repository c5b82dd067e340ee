import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What `buildpacks/build` writes about itself. */
export interface Result {
  readonly stage: string
  readonly buildpack: string
  readonly pack: string
  readonly process_types: Readonly<Record<string, string>>
  readonly needs: readonly { pack: string; name: string; spec: string }[]
  readonly layer: boolean
}

export interface BuildEnd {
  readonly code: number
  readonly output: string
  readonly result: Result
}

export const buildpacks = join(import.meta.dirname, '../../buildpacks')

/** Why the packs cannot run on this very host (they are made for the stack), or false. */
export const isLacking =
  ['python3', 'jq', 'bash'].find((name) => spawnSync(name, ['--version']).error !== undefined) ??
  false

/** Builds an app on the host itself, without any runtime: as far as a pack goes without one. */
export async function buildHere(
  app: string,
  env: Readonly<Record<string, string>> = {},
): Promise<BuildEnd> {
  const scratch = await mkdtemp(join(tmpdir(), 'buildpack-'))
  const result = join(scratch, 'result.json')
  const settings = { SLIPWAY_RESULT: result, SLIPWAY_RUNTIMES: join(scratch, 'runtimes'), ...env }
  try {
    const args = [app, join(scratch, 'cache'), env['CONFIG'] ?? join(scratch, 'env')]
    const { code, output } = await run(join(buildpacks, 'build'), args, settings)
    return { code, output, result: JSON.parse(await readFile(result, 'utf8')) as Result }
  } finally {
    await rm(scratch, { recursive: true })
  }
}

/** Runs a program to its end; both of its streams in one text. */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; output: string }> {
  // With a socket as standard input bash would take us for a remote shell and read its start files.
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  const child = spawn(program, args, {
    stdio: [...stdio],
    env: { PATH: process.env['PATH'], ...env },
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve(status ?? -1))
  })
  return { code, output }
}
