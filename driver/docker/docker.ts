import { mkdir } from 'node:fs/promises'
import { openTurns } from '#lib/turns.ts'
import type { Fleet, Workshop } from '#driver/driver.ts'
import { EngineError } from '#driver/driver.ts'
import { attachCopy } from './attach.ts'
import { openBuildGroup } from './build-group.ts'
import { exitOf } from './container.ts'
import { startCopy } from './copy.ts'
import { openEngine } from './engine.ts'
import { watchCopies } from './events.ts'
import { execInCopy } from './exec.ts'
import { openFirewall } from './firewall.ts'
import { foreignSubnets } from './foreign.ts'
import { buildImage } from './image-build.ts'
import { importImage } from './image-import.ts'
import { builtImages, imageDigest, removeImage } from './image.ts'
import { removeNetwork } from './network.ts'
import { listCopies } from './observe.ts'
import { readOutput } from './output.ts'
import { ReadyCopies } from './ready-copies.ts'
import { runSandbox } from './sandbox.ts'
import { openSlots } from './slots.ts'
import { checkSettings } from './settings.ts'
import type { DockerSettings } from './settings.ts'
import type { Site } from './site.ts'
import { stopCopy } from './stop.ts'
import { sweepCopies, sweepSandboxes } from './sweep.ts'
import { uninstall } from './uninstall.ts'

export type { DockerSettings } from './settings.ts'

export interface Docker {
  readonly fleet: Fleet
  readonly workshop: Workshop
  /** Removes all that this instance made: containers, mounts, networks, images, firewall rules. */
  uninstall(signal: AbortSignal): Promise<void>
}

/**
 * The Docker engine of this host as a fleet and a workshop. Needs root: it mounts, and it writes
 * firewall rules. Speaks to the engine only once something is asked of it.
 */
export async function openDocker(settings: DockerSettings): Promise<Docker> {
  checkSettings(settings)
  await mkdir(settings.runDir, { recursive: true, mode: 0o700 })
  const engine = await openEngine(settings.socketPath)
  const [firewall, builds] = [openFirewall(settings), openBuildGroup(engine, settings)]
  const site = { engine, settings, firewall, builds, takeTurn: openTurns() }
  return {
    fleet: openFleet(site),
    workshop: openWorkshop(site),
    uninstall: (signal) => uninstall(site, signal),
  }
}

const sweepMs = 60_000

function openFleet(site: Site): Fleet {
  const ready = new ReadyCopies(site)
  const sweepOnce = once(() => sweepCopies(site, AbortSignal.timeout(sweepMs)))
  return {
    start: async (spec, signal) => {
      await sweepOnce()
      await site.takeTurn(`start ${spec.name}`, async () => {
        if (!(await ready.become(spec, signal))) await startCopy(site, spec, signal)
      })
    },
    attach: async (spec, terminal, signal) => {
      await sweepOnce()
      return attachCopy(site, spec, terminal, signal)
    },
    makeReady: async (signal) => {
      await sweepOnce()
      await ready.refill(signal)
    },
    list: (filter, signal) => listCopies(site, filter, signal),
    stop: (name, graceMs, signal) => stopCopy(site, name, graceMs, signal),
    exec: (spec, signal) => execInCopy(site, spec, signal),
    wait: async (name, signal) => {
      const code = await exitOf(site, name, signal)
      if (code === null) throw new EngineError(`The copy ${name} is gone.`, false)
      return code
    },
    output: (name, options, signal) => readOutput(site, name, options, signal),
    watch: (onChange, signal) => watchCopies(site, onChange, signal),
    removeNetwork: async (environmentId, signal) => {
      await ready.forget(environmentId)
      await removeNetwork(site, environmentId, signal)
    },
    foreignSubnets: (signal) => foreignSubnets(site, signal),
  }
}

function openWorkshop(site: Site): Workshop {
  const slots = openSlots(site)
  return {
    run: (spec, onOutput, signal) => runSandbox(site, slots, spec, onOutput, signal),
    makeReady: (signal) => slots.refill(signal),
    buildImage: (spec, onOutput, signal) => buildImage(site, spec, onOutput, signal),
    importImage: (spec, onOutput, signal) => importImage(site, spec, onOutput, signal),
    images: (signal) => builtImages(site, signal),
    removeImage: (image, signal) => removeImage(site, image, signal),
    imageDigest: (image, signal) => imageDigest(site, image, signal),
    sweep: async (signal) => {
      await slots.forget()
      await sweepSandboxes(site, signal)
    },
  }
}

/** Does it until it has succeeded once; whoever comes meanwhile waits for the same try. */
function once(task: () => Promise<void>): () => Promise<void> {
  let trying: Promise<void> | null = null
  return () => {
    trying ??= task().catch((error: unknown) => {
      trying = null
      throw error
    })
    return trying
  }
}
