import { access, readFile, readdir, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cgroups, exists, isUnified, weightOf } from './cgroup.ts'
import type { Usage } from './starving.ts'

/** A control group of the host, as far as its use of processors goes. */
export interface ProcessorGroup {
  /** Whether this kernel knows groups that give way. */
  readonly canYield: boolean
  /** It gets what no other group wants. */
  yield(): Promise<void>
  /** It gets its part beside the others. */
  share(cpuShares: number): Promise<void>
  usage(): Promise<Usage>
}

/** `parent` is as the engine takes it. Throws while no such group is there. */
export async function findGroup(parent: string): Promise<ProcessorGroup> {
  const hasOne = await isUnified()
  const [processor, account] = hasOne
    ? [join(cgroups, parent), join(cgroups, parent, 'cpu.stat')]
    : [join(cgroups, 'cpu', parent), join(cgroups, 'cpuacct', parent, 'cpuacct.usage')]
  await access(processor)
  const idle = join(processor, 'cpu.idle')
  const canYield = await exists(idle)
  return {
    canYield,
    yield: () => writeFile(idle, '1'),
    share: async (cpuShares) => {
      if (canYield) await writeFile(idle, '0')
      if (hasOne) await writeFile(join(processor, 'cpu.weight'), String(weightOf(cpuShares)))
      else await writeFile(join(processor, 'cpu.shares'), String(cpuShares))
    },
    usage: async () => {
      const [host, own] = await Promise.all([
        readFile('/proc/stat', 'latin1'),
        readFile(account, 'latin1'),
      ])
      const buildsMs = hasOne
        ? Number(/^usage_usec (\d+)/m.exec(own)?.[1]) / 1e3
        : Number(own) / 1e6
      return { ...hostUsage(host), buildsMs }
    },
  }
}

/** Takes it away once nothing is in it; systemd does that by itself. */
export async function removeGroup(parent: string): Promise<void> {
  const kinds = (await isUnified()) ? ['.'] : await readdir(cgroups)
  const places = kinds.map((kind) => join(cgroups, kind, parent))
  await Promise.all(places.map((place) => rmdir(place).catch(() => undefined)))
}

/** A tick of the counts in `/proc/stat`, the same everywhere. */
const tickMs = 10

/** The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal. */
function hostUsage(stat: string): Omit<Usage, 'buildsMs'> {
  const ticks = (stat.split('\n', 1)[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number)
  const sum = (some: readonly number[]): number => some.reduce((all, one) => all + one, 0)
  return { totalMs: sum(ticks) * tickMs, unusedMs: sum(ticks.slice(3, 5)) * tickMs }
}
