import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { group } from './buildkit-group.ts'
import { cgroups, exists, isUnified } from './cgroup.ts'

/**
 * Whether, since this was called, the kernel killed a step of a Dockerfile for want of memory.
 *
 * Version 2 of control groups counts kills for all below a group. Version 1 counts them for the step's
 * own group only, which is gone with the step: there it was one if the kernel killed anything on this
 * host meanwhile, and the group of all steps was at its limit.
 */
export async function watchMemory(): Promise<() => Promise<boolean>> {
  return (await isUnified()) ? watchUnified() : watchEach()
}

async function watchUnified(): Promise<() => Promise<boolean>> {
  const kills = (): Promise<number> => killsIn(join(cgroups, group, 'memory.events'))
  const before = await kills()
  return async () => (await kills()) > before
}

async function watchEach(): Promise<() => Promise<boolean>> {
  const memory = join(cgroups, 'memory', group)
  const countsSwap = await exists(join(memory, 'memory.memsw.limit_in_bytes'))
  const file = (what: string): string =>
    join(memory, `memory.${countsSwap ? 'memsw.' : ''}${what}_in_bytes`)
  const bytes = async (what: string): Promise<number> => Number(await readFile(file(what), 'utf8'))
  const kills = (): Promise<number> => killsIn('/proc/vmstat')
  await writeFile(file('max_usage'), '0')
  const before = await kills()
  return async () =>
    (await kills()) > before && (await bytes('max_usage')) > (await bytes('limit')) - marginBytes
}

/** The kernel asks for several pages at once, and gives up what is less than that. */
const marginBytes = 2 * 1024 ** 2

async function killsIn(path: string): Promise<number> {
  return Number(/^oom_kill (\d+)$/m.exec(await readFile(path, 'utf8'))?.[1] ?? 0)
}
