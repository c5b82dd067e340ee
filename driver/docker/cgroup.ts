import { access, mkdir, readFile, readdir, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec, ExecError } from '#lib/exec.ts'
import { retry } from '#lib/retry.ts'
import { EngineError } from '#driver/driver.ts'
import type { Limits } from '#driver/driver.ts'
import type { Site } from './site.ts'

/**
 * A control group around the steps of one image build. The engine limits their memory, CPU and open
 * files itself when asked, but not how many processes they are: that is the group's.
 */
export interface BuildGroup {
  /** Name of the group as the engine takes it. */
  readonly parent: string
  /** Whether the processes were at some time as many as allowed; false where the host cannot say. */
  wasFull(): Promise<boolean>
  /** Waits for the last step to be gone and removes the group. */
  remove(signal: AbortSignal): Promise<void>
}

type GroupLimits = Pick<Limits, 'pids' | 'cpuShares'>

/**
 * Makes a group beside those of other containers, not beside the whole engine: there a build would
 * have as much CPU as all apps together.
 */
export async function openBuildGroup(
  { engine }: Site,
  id: string,
  limits: GroupLimits,
  signal: AbortSignal,
): Promise<BuildGroup> {
  const request = { method: 'GET', path: '/info', doing: 'tell about itself' } as const
  const { CgroupDriver } = await engine.ask<{ CgroupDriver: string }>(request, signal)
  try {
    if (CgroupDriver === 'systemd') return await openSlice(id, limits, signal)
    return await openFolder(id, limits)
  } catch (error) {
    signal.throwIfAborted()
    const reason = (error as Error).message
    const text = `The number of processes of a build cannot be limited: ${reason}`
    throw new EngineError(text, false, { cause: error })
  }
}

const root = '/sys/fs/cgroup'
const neighbours = 'docker'
const prefix = 'slipway-build-'

/** The engine's own way: groups are folders, one in each hierarchy (v1) or one in all (v2). */
async function openFolder(id: string, limits: GroupLimits): Promise<BuildGroup> {
  const group = join(neighbours, `${prefix}${id}`)
  const isUnified = await exists(join(root, 'cgroup.controllers'))
  const hierarchies = isUnified ? [root] : (await readdir(root)).map((name) => join(root, name))
  for (const hierarchy of hierarchies) await sweep(join(hierarchy, neighbours))
  const home = await (isUnified ? limitUnified(group, limits) : limitEach(group, limits))
  return {
    parent: `/${group}`,
    wasFull: async () =>
      Number(await readFile(join(home, 'pids.peak')).catch(() => 0)) >= limits.pids,
    remove: async (signal) => {
      for (const hierarchy of hierarchies) await removeFolder(join(hierarchy, group), signal)
    },
  }
}

async function limitEach(group: string, { pids, cpuShares }: GroupLimits): Promise<string> {
  await mkdir(join(root, 'cpu', group), { recursive: true })
  await mkdir(join(root, 'pids', group), { recursive: true })
  await writeFile(join(root, 'cpu', group, 'cpu.shares'), String(cpuShares))
  await writeFile(join(root, 'pids', group, 'pids.max'), String(pids))
  return join(root, 'pids', group)
}

async function limitUnified(group: string, { pids, cpuShares }: GroupLimits): Promise<string> {
  const home = join(root, group)
  await mkdir(home, { recursive: true })
  for (const above of [root, join(root, neighbours)]) {
    await writeFile(join(above, 'cgroup.subtree_control'), '+cpu +pids')
  }
  await writeFile(join(home, 'cpu.weight'), String(weightOf(cpuShares)))
  await writeFile(join(home, 'pids.max'), String(pids))
  return home
}

/** Shares (2 to 262144) as a weight (1 to 10000), the way the engine translates them. */
function weightOf(cpuShares: number): number {
  return 1 + Math.floor(((cpuShares - 2) * 9999) / 262142)
}

const oldMs = 24 * 3600_000

/** Removes what builders left that were killed: an empty group is a folder that can be removed. */
async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const made = await stat(join(folder, name)).catch(() => null)
    const isOld = made !== null && Date.now() - made.mtimeMs > oldMs
    if (isOld) await rmdir(join(folder, name)).catch(() => undefined)
  }
}

const patient = {
  times: 50,
  pauseMs: 100,
  isPassing: (error: unknown) => (error as NodeJS.ErrnoException).code === 'EBUSY',
}

async function removeFolder(path: string, signal: AbortSignal): Promise<void> {
  await retry(() => rmdir(path), patient, signal).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
  })
}

/** Where systemd keeps the groups, it must be told; containers are in its `system.slice`. */
async function openSlice(
  id: string,
  { pids, cpuShares }: GroupLimits,
  signal: AbortSignal,
): Promise<BuildGroup> {
  const slice = `system-slipwaybuild${id}.slice`
  const limits = [`TasksMax=${pids}`, `CPUWeight=${weightOf(cpuShares)}`]
  await exec('systemctl', ['set-property', '--runtime', slice, ...limits], signal)
  return {
    parent: slice,
    wasFull: () => Promise.resolve(false),
    remove: async (signal) => {
      for (const verb of ['stop', 'revert']) {
        await exec('systemctl', [verb, slice], signal).catch(unlessFailed)
      }
    },
  }
}

function unlessFailed(error: unknown): void {
  if (!(error instanceof ExecError)) throw error
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
