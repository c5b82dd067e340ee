import type { Limits } from '#driver/driver.ts'
import type { BuildConfig } from '#builder/config.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'

const openFiles = 16_384

/** What a build may take; its CPU share is below an app's, so that apps on the same host win. */
export function limitsOf({ memoryBytes, cpuShares, pids, scratchBytes }: BuildConfig): Limits {
  return { memoryBytes, cpuShares, pids, openFiles, diskBytes: scratchBytes }
}

export function outOfMemory(bytes: number): Refused {
  const hint = 'Make the build smaller, or ask the operator to raise SLIPWAY_BUILD_MEMORY.'
  return new Refused('compile', `the build needed more than ${sizeText(bytes)} of memory`, hint)
}
