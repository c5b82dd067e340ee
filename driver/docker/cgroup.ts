import { access } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the host keeps its control groups. */
export const cgroups = '/sys/fs/cgroup'

/** Whether they are of version 2: one hierarchy, not one for each kind of limit. */
export function isUnified(): Promise<boolean> {
  return exists(join(cgroups, 'cgroup.controllers'))
}

/** Shares (2 to 262144) as a weight (1 to 10000), the way the engine translates them. */
export function weightOf(cpuShares: number): number {
  return 1 + Math.floor(((cpuShares - 2) * 9999) / 262142)
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
