import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '#driver/driver.ts'
import type { Limits } from '#driver/driver.ts'
import { cgroups, exists, isUnified, weightOf } from './cgroup.ts'
import { groupDriver } from './engine.ts'
import type { Site } from './site.ts'

/**
 * The limits of a Dockerfile's steps. BuildKit inside the engine (20.10) passes over `memory` and
 * `cgroupparent`, but where the engine keeps control groups itself all its steps run below one,
 * `docker/buildkit`. That group gets the limits of one build: what all Dockerfile builds of this
 * engine may use together.
 *
 * Where systemd keeps the groups there is no such parent, and steps cannot be limited: a warning, and
 * false.
 */
export async function limitSteps(
  { engine, settings }: Site,
  limits: Limits,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await groupDriver(engine, signal)) === 'systemd') {
    settings.log.warn('dockerfile.steps_unlimited', { reason: 'the engine uses systemd groups' })
    return false
  }
  try {
    await ((await isUnified()) ? limitUnified : limitEach)(limits)
    return true
  } catch (cause) {
    const reason = (cause as Error).message
    throw new EngineError(`The steps of a build cannot be limited: ${reason}`, false, { cause })
  }
}

export const group = 'docker/buildkit'

/** Version 1: a hierarchy for each kind of limit. */
async function limitEach({ memoryBytes, pids, cpuShares }: Limits): Promise<void> {
  const [memory, processes, cpu] = ['memory', 'pids', 'cpu'].map((kind) =>
    join(cgroups, kind, group),
  )
  for (const folder of [memory, processes, cpu]) await mkdir(folder ?? '', { recursive: true })
  const write = (folder: string | undefined, file: string, value: number): Promise<void> =>
    writeFile(join(folder ?? '', file), String(value))
  // Memory with swap may never be less than memory: first out of the way, then both.
  const swap = 'memory.memsw.limit_in_bytes'
  const countsSwap = await exists(join(memory ?? '', swap))
  if (countsSwap) await write(memory, swap, -1)
  await write(memory, 'memory.limit_in_bytes', memoryBytes)
  if (countsSwap) await write(memory, swap, memoryBytes)
  await write(processes, 'pids.max', pids)
  await write(cpu, 'cpu.shares', cpuShares)
}

/** Version 2: one hierarchy. */
async function limitUnified({ memoryBytes, pids, cpuShares }: Limits): Promise<void> {
  const home = join(cgroups, group)
  await mkdir(home, { recursive: true })
  for (const above of [cgroups, join(cgroups, 'docker')]) {
    await writeFile(join(above, 'cgroup.subtree_control'), '+cpu +memory +pids')
  }
  await writeFile(join(home, 'memory.max'), String(memoryBytes))
  await writeFile(join(home, 'memory.swap.max'), '0')
  await writeFile(join(home, 'pids.max'), String(pids))
  await writeFile(join(home, 'cpu.weight'), String(weightOf(cpuShares)))
}
