import { EngineError } from '#driver/driver.ts'
import { Refused } from '#builder/refused.ts'
import { buildImageOf, type BuildRequest, type BuildTools } from './request.ts'
import type { Voice } from './voice.ts'

/** Digest of the image builds of the app's stack run in. Throws Refused when the host lacks it. */
export async function stackDigest(
  request: BuildRequest,
  { workshop }: Pick<BuildTools, 'workshop'>,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await workshop.imageDigest(buildImageOf(request), signal)
  } catch (error) {
    if (error instanceof EngineError && !error.unreachable) throw notHere(request.checkout.stack)
    throw error
  }
}

/** Tells whoever pushes that more changes than their code. */
export function announceStack({ checkout }: BuildRequest, voice: Voice): void {
  const { stack, stack_before: before = null } = checkout
  if (before !== null && before !== stack) {
    voice.step(`Building on ${stack}; what runs now was built on ${before}`)
  }
}

function notHere(stack: string): Refused {
  const hint = `Ask the operator to make it (scripts/stack ${stack}), or choose another: app stacks`
  return new Refused('stack', `this host has no stack ${stack}`, hint)
}
