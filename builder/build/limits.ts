import type { Limits } from '#driver/driver.ts'
import type { BuildConfig } from '#builder/config.ts'

/** A build gets a quarter of the CPU share of an app, so that apps on the same host win. */
export function limitsOf({ memoryBytes, pids, scratchBytes }: BuildConfig): Limits {
  return { memoryBytes, cpuShares: 256, pids, openFiles: 16_384, diskBytes: scratchBytes }
}
