import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import type { BuiltImage, ImageSpec } from '#driver/driver.ts'
import type { DockerGround } from './docker-ground.ts'
import { copySpec, freshName, limits } from './specs.ts'

interface Built {
  readonly image: BuiltImage | null
  readonly ranOut: boolean
  readonly output: string
  readonly tag: string
}

/** Builds a Dockerfile whose context is a `hello.txt`. */
export async function buildImage(
  ground: DockerGround,
  dockerfile: string,
  changes: Partial<ImageSpec> = {},
  signal = AbortSignal.timeout(60_000),
): Promise<Built> {
  const files = pack()
  files.entry({ name: 'Dockerfile' }, dockerfile)
  files.entry({ name: 'hello.txt' }, 'from the context\n')
  files.finalize()
  const tag = `slipway-test/${freshName()}:1`
  const spec: ImageSpec = {
    owner: copySpec(ground, '').owner,
    context: Readable.from(files as AsyncIterable<Buffer>),
    dockerfile: 'Dockerfile',
    tag,
    buildArgs: {},
    limits,
    timeoutMs: 60_000,
    ...changes,
  }
  let output = ''
  const write = (chunk: Buffer): void => void (output += chunk.toString())
  const end = await ground.workshop.buildImage(spec, write, signal)
  const ranOut = end === 'out-of-memory'
  return { image: end === 'out-of-memory' ? null : end, ranOut, output, tag }
}
