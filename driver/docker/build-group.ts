import { startLoop, type Loop } from '#lib/loop.ts'
import { groupDriver, type Engine } from './engine.ts'
import { findGroup, removeGroup, type ProcessorGroup } from './processor-group.ts'
import type { DockerSettings } from './settings.ts'
import { starves, type Usage } from './starving.ts'

/**
 * The control group that all builds of an instance are in, beside all others.
 *
 * The kernel's scheduler holds it to be idle: builds take what nobody else wants, and whoever wakes up
 * goes before them at once. A small share alone does not do that: a build that has the processor keeps
 * it for some milliseconds, at each hop of a request. While others leave nothing at all, builds get their
 * share most of the time, so that what would stop a runaway app can be built.
 *
 * `cpu.idle` is there since Linux 5.15, in both versions of control groups; before, the share has to do.
 */
export interface BuildGroup {
  /** What the engine takes as `CgroupParent`. */
  readonly parent: (signal: AbortSignal) => Promise<string>
  /** A build of these shares is in it, until the answer is called. */
  readonly enter: (cpuShares: number) => () => void
  /** Once no build is left. */
  readonly remove: (signal: AbortSignal) => Promise<void>
}

const lookMs = 500
/** So long do builds that starved have their share. */
const shareLooks = 10

export function openBuildGroup(engine: Engine, { instance, log }: DockerSettings): BuildGroup {
  let inside = 0
  let loop: Loop | null = null
  let driver: string | null = null
  const parent = async (signal: AbortSignal): Promise<string> => {
    driver ??= await groupDriver(engine, signal)
    // Of systemd's slices, each `-` is a level; what gives way, does so to what is beside it.
    if (driver === 'systemd') return `slipway_builds_${instance.replaceAll('-', '_')}.slice`
    return `/slipway-builds-${instance}`
  }
  const warnOnce = once((reason: string) => log.warn('builds.not_idle', { reason }))
  const leave = (): void => {
    inside -= 1
    if (inside > 0) return
    void loop?.close()
    loop = null
  }

  return {
    parent,
    enter: (cpuShares) => {
      inside += 1
      loop ??= startLoop(yielding(parent, cpuShares, warnOnce), {
        everyMs: lookMs,
        onError: (error) => warnOnce(String(error)),
      })
      return leave
    },
    remove: async (signal) => removeGroup(await parent(signal)),
  }
}

/** Lets builds wait for all others, unless they have starved lately. */
function yielding(
  parent: BuildGroup['parent'],
  cpuShares: number,
  warn: (reason: string) => void,
): (signal: AbortSignal) => Promise<void> {
  let group: ProcessorGroup | null = null
  let last: Usage | null = null
  let sharing = 0
  return async (signal) => {
    group ??= await findGroup(await parent(signal))
    if (!group.canYield) {
      warn('this kernel has no cpu.idle')
      return group.share(cpuShares)
    }
    const usage = await group.usage()
    sharing = last !== null && starves(last, usage) ? shareLooks : Math.max(0, sharing - 1)
    await (sharing > 0 ? group.share(cpuShares) : group.yield())
    last = usage
  }
}

function once(say: (reason: string) => void): (reason: string) => void {
  let isSaid = false
  return (reason) => {
    if (!isSaid) say(reason)
    isSaid = true
  }
}
