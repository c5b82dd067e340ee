import { onceType, type ProcessTypes } from '#contract/release.ts'

/** Process types that are no copies: they run once, before a release starts. */
const tasks = new Set(['release', onceType])

/** The process types that run as copies, in the order the Procfile has them. */
export function scalableTypes(types: ProcessTypes): string[] {
  return Object.keys(types).filter((type) => !tasks.has(type))
}

/** How many copies a type has until somebody says otherwise: pages are served, the rest waits. */
export function defaultQuantity(type: string): number {
  return type === 'web' ? 1 : 0
}
