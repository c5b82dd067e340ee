import type { Limits } from '#driver/driver.ts'
import type { BuildConfig } from '#builder/config.ts'

const openFiles = 16_384

/** What a build may take; its CPU share is below an app's, so that apps on the same host win. */
export function limitsOf({ memoryBytes, cpuShares, pids, scratchBytes }: BuildConfig): Limits {
  return { memoryBytes, cpuShares, pids, openFiles, diskBytes: scratchBytes }
}
