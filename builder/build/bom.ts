import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { componentsIn, locksOf, type Lock } from '#builder/sbom/components.ts'
import { listPackages, packagesIn } from '#builder/sbom/stack-packages.ts'
import { workplace } from './checkout.ts'
import { Kept } from './kept.ts'
import { keyOf } from './key.ts'
import type { BuildPlan } from './plan.ts'
import type { BuildTools } from './request.ts'

const compress = promisify(gzip)

/** Lists made lately, by what they were made from: dependencies change with few pushes. */
const lists = new Kept<string>(32)

/**
 * What a build is made of, as BuiltSlug has it: from the lock files of the app and the packages of its
 * stack. Made beside the build. What an image's own base holds is not known. Never rejects: a list that
 * cannot be made stops no build.
 */
export async function bomOf(
  { request, how }: Pick<BuildPlan, 'request' | 'how'>,
  tools: BuildTools,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { app } = workplace(tools.places.builds, request.id)
  try {
    const locks = await locksOf(app)
    const packages = how.kind === 'dockerfile' ? '' : await listPackages(request, tools, signal)
    return await listOf(locks, packages, request.checkout.stack)
  } catch (error) {
    if (!signal.aborted) tools.log.warn('build.no_bom', { reason: String(error) })
    return undefined
  }
}

function listOf(locks: readonly Lock[], packages: string, stack: string): Promise<string> {
  const key = keyOf([stack, packages, ...locks.flatMap(({ name, text }) => [name, text])])
  return lists.get(key, () => makeList(locks, packages, stack))
}

async function makeList(locks: readonly Lock[], packages: string, stack: string): Promise<string> {
  const components = [...packagesIn(packages, stack), ...componentsIn(locks)]
  return (await compress(JSON.stringify(components))).toString('base64')
}
