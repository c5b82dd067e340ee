import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Limits, Owner, SandboxSpec } from '#driver/driver.ts'
import {
  createContainer,
  inspectContainer,
  pathOf,
  removeContainer,
  startContainer,
} from './container.ts'
import { demultiplex } from './demultiplex.ts'
import { clearMounts, mountShared } from './mounts.ts'
import { checkName } from './names.ts'
import { ensureBuildNetwork } from './network.ts'
import { Pace } from './pace.ts'
import { slotBody } from './sandbox-profile.ts'
import { openSecrets } from './secrets.ts'
import type { Site } from './site.ts'
import { openControl, type Control } from './slot-control.ts'

/** What a sandbox must be made with; all else can be brought to it while it runs. */
export interface Shape {
  /** Digest of its image. */
  readonly image: string
  /** Directories it may only read. */
  readonly seen: readonly { readonly source: string; readonly target: string }[]
  /** Where a job's own directories come. */
  readonly targets: readonly string[]
  readonly limits: Limits
}

export function shapeOf(spec: SandboxSpec, image: string): Shape {
  const { mounts, overlay, limits } = spec
  const seen = mounts.flatMap(({ source, target, writable }) =>
    writable ? [] : [{ source, target }],
  )
  const own = mounts.filter(({ writable }) => writable).map(({ target }) => target)
  return { image, seen, targets: overlay === null ? own : [overlay.target, ...own], limits }
}

/**
 * A started, empty sandbox that waits for its one job.
 *
 * The engine spends 200 to 400 ms on making and starting a container and as long on its end. So the
 * first happens before a job is there, and the second after its last process is gone. What a job
 * brings is mounted on the host below `base`, a shared mount, and appears inside (propagation).
 */
export interface Slot {
  readonly name: string
  readonly shape: Shape
  readonly base: string
  readonly control: Control
  readonly output: Output
  /** Waits until no process of it is left, which its end's code alone does not say. */
  readonly isEmpty: (signal: AbortSignal) => Promise<boolean>
}

/** Where the mounts of a sandbox are. */
function sandboxBase({ settings }: Site, name: string): string {
  return join(settings.runDir, 'sandboxes', name)
}

/** The directory of the host that shows at `targets[index]`. */
export function placeIn(base: string, index: number): string {
  return join(base, `place-${index}`)
}

/** For mount points and two pipes. */
const pointsBytes = 65_536

/** Makes and starts a slot; what was made of one that fails is removed. */
export async function openSlot(
  site: Site,
  name: string,
  shape: Shape,
  owner: Owner | null,
  signal: AbortSignal,
): Promise<Slot> {
  checkName(name)
  const base = sandboxBase(site, name)
  const places = shape.targets.map((_, index) => placeIn(base, index))
  let control: Control | undefined
  try {
    const [network, group] = await Promise.all([
      ensureBuildNetwork(site, signal),
      site.builds.parent(signal),
    ])
    await mountShared(base, pointsBytes, signal)
    const folders = [...places, join(base, 'control')]
    await Promise.all(folders.map((path) => mkdir(path, { recursive: true })))
    await openSecrets(join(base, 'secrets'), signal)
    control = await openControl(join(base, 'control'), signal)
    const body = slotBody(shape, { network, group, base, places, owner }, site.settings)
    await createContainer(site, name, body, signal)
    const output = await openOutput(site, name, signal)
    await startContainer(site, name, signal)
    await Promise.race([control.ready, output.ended])
    const found = await inspectContainer(site, name, signal)
    const pid = found?.State.Pid ?? 0
    const isOurs = found !== null && (await isProcessOf(pid, found.Id))
    const isEmpty = (waiting: AbortSignal): Promise<boolean> =>
      isOurs ? untilGone(pid, waiting) : Promise.resolve(false)
    return { name, shape, base, control, output, isEmpty }
  } catch (error) {
    control?.close()
    await discardSlot(site, name, AbortSignal.timeout(discardMs)).catch(() => undefined)
    throw error
  }
}

const discardMs = 30_000

/** Removes what a slot or sandbox of this name left, if anything. */
export async function discardSlot(site: Site, name: string, signal: AbortSignal): Promise<void> {
  const found = await inspectContainer(site, name, signal)
  if (found !== null) await removeContainer(site, name, signal)
  await clearMounts(sandboxBase(site, name), signal)
}

/** Bytes of output; nobody reads as fast. */
const printsPerSecond = 1024 ** 2
const printsAtOnce = 4 * 1024 ** 2

/** What a container prints, from its start on. */
interface Output {
  /** Whom it is handed to; before that it is dropped. */
  listener: (chunk: Buffer) => void
  readonly ended: Promise<void>
  /** The connection is over: the container, or the engine, is gone. */
  isOver: boolean
}

/** Attaches before the start, so that not a byte is missed. */
async function openOutput({ engine }: Site, name: string, signal: AbortSignal): Promise<Output> {
  const query = { stream: true, stdout: true, stderr: true }
  const path = `${pathOf(name)}/attach`
  const request = { method: 'POST', path, query, doing: `attach to ${name}` } as const
  const socket = await engine.hijack(request, signal)
  const pace = new Pace(printsPerSecond, printsAtOnce)
  const read = async (): Promise<void> => {
    for await (const { bytes } of demultiplex(socket)) {
      output.listener(bytes)
      await pace.take(bytes.length)
    }
  }
  const ended = Promise.withResolvers<void>()
  const output: Output = { listener: () => undefined, ended: ended.promise, isOver: false }
  ended.promise.catch(() => undefined)
  void read()
    .then(ended.resolve, ended.reject)
    .finally(() => (output.isOver = true))
  return output
}

/** Whether a process the engine names is the one we see under that number: we may be in a container. */
async function isProcessOf(pid: number, container: string): Promise<boolean> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
  return groups.includes(container)
}

const lookMs = 2
const emptyMs = 5000

/**
 * The first process of a container is not gone (or a zombie) before the kernel has ended all others of
 * its name space. False when that takes longer than a moment.
 */
async function untilGone(pid: number, signal: AbortSignal): Promise<boolean> {
  for (const until = performance.now() + emptyMs; performance.now() < until;) {
    const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
    if (status === '' || /\) [ZX] /.test(status)) return true
    await pause(lookMs, undefined, { signal })
  }
  return false
}
