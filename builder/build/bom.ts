import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { componentsOf } from '#builder/sbom/components.ts'
import { stackPackages } from '#builder/sbom/stack-packages.ts'
import { workplace } from './checkout.ts'
import type { BuildPlan } from './plan.ts'
import type { BuildTools } from './request.ts'

const compress = promisify(gzip)

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
    const own = await componentsOf(app)
    const ofStack = how.kind === 'dockerfile' ? [] : await stackPackages(request, tools, signal)
    const bytes = await compress(JSON.stringify([...ofStack, ...own]))
    return bytes.toString('base64')
  } catch (error) {
    if (!signal.aborted) tools.log.warn('build.no_bom', { reason: String(error) })
    return undefined
  }
}
