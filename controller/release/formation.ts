import type { ProcessTypes } from '#contract/release.ts'

/** A process type that is no copy: it runs once, before a release starts. */
const releaseTask = 'release'

/** The process types that run as copies, in the order the Procfile has them. */
export function scalableTypes(types: ProcessTypes): string[] {
  return Object.keys(types).filter((type) => type !== releaseTask)
}

/** How many copies a type has until somebody says otherwise: pages are served, the rest waits. */
export function defaultQuantity(type: string): number {
  return type === 'web' ? 1 : 0
}
