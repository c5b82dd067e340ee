import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { retry } from '#lib/retry.ts'
import type { SandboxEnd, SandboxSpec } from '#driver/driver.ts'
import { inspectContainer, removeContainer, signalContainer, waitForEnd } from './container.ts'
import { clearMounts, mountBind, mountOverlay } from './mounts.ts'
import { checkName } from './names.ts'
import { ranOutOfMemory } from './out-of-memory.ts'
import { writeSecrets } from './secrets.ts'
import type { Site } from './site.ts'
import { discardSlot, placeIn, type Slot } from './slot.ts'
import type { Slots } from './slots.ts'
import { jobVariables } from './sandbox-profile.ts'

const cleanUpMs = 30_000
const dayMs = 24 * 3_600_000
const untilItIsBack = { times: dayMs / 1000, pauseMs: 1000, isPassing: () => true }

/** Runs a job in a slot of its own to its end; what it saw is unmounted afterwards, come what may. */
export async function runSandbox(
  site: Site,
  slots: Slots,
  spec: SandboxSpec,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  checkName(spec.name)
  if (spec.argv.length === 0) throw new TypeError(`The sandbox ${spec.name} has no command.`)
  const slot = await slots.take(spec, signal)
  const leave = site.builds.enter(spec.limits.cpuShares)
  let isEmpty = false
  try {
    await Promise.all([
      writeSecrets(join(slot.base, 'secrets'), spec.secrets),
      bring(slot, spec, signal),
    ])
    slot.output.listener = onOutput
    await slot.control.give({ argv: spec.argv, env: jobVariables(spec, site.settings) })
    const end = await runToEnd(site, slot, spec, signal)
    isEmpty = end.isEmpty
    return end.end
  } finally {
    leave()
    slot.control.close()
    await (isEmpty ? clearFast(site, slot) : clearSoon(site, slot.name))
    if (spec.overlay !== null)
      await rm(workOf(spec.overlay.upper), { recursive: true, force: true })
  }
}

/** No process is left: only the empty container remains, and nobody waits for the engine to end it. */
async function clearFast(site: Site, { name, base }: Slot): Promise<void> {
  await clearMounts(base, AbortSignal.timeout(cleanUpMs))
  const remove = (): Promise<void> => removeContainer(site, name, AbortSignal.timeout(cleanUpMs))
  void retry(remove, untilItIsBack, AbortSignal.timeout(dayMs)).catch(() => undefined)
}

/** An engine that is away just now keeps nobody waiting: its sandbox goes when it is back. */
async function clearSoon(site: Site, name: string): Promise<void> {
  const clear = (): Promise<void> => discardSlot(site, name, AbortSignal.timeout(cleanUpMs))
  await clear().catch((error: unknown) => {
    site.settings.log.warn('sandbox.left', { name, reason: String(error) })
    void retry(clear, untilItIsBack, AbortSignal.timeout(dayMs)).catch(() => undefined)
  })
}

/** Mounts a job's directories where its slot sees them come. */
async function bring({ base }: Slot, spec: SandboxSpec, signal: AbortSignal): Promise<void> {
  const { overlay, mounts } = spec
  const writable = mounts.filter((mount) => mount.writable).map(({ source }) => source)
  const first = overlay === null ? 0 : 1
  await Promise.all([
    overlay === null ? undefined : mountTree(placeIn(base, 0), overlay, signal),
    ...writable.map((source, index) => mountBind(source, placeIn(base, first + index), signal)),
  ])
}

async function mountTree(
  target: string,
  { upper, lower }: NonNullable<SandboxSpec['overlay']>,
  signal: AbortSignal,
): Promise<void> {
  if (lower.length === 0) return mountBind(upper, target, signal)
  const work = workOf(upper)
  await mkdir(work, { recursive: true })
  await mountOverlay(target, { lower, upper, work }, signal)
}

/** The overlay's scratch folder must be on the file system of `upper`, so it is beside it. */
function workOf(upper: string): string {
  return `${upper}.work`
}

/** Time for a killed container to be gone before we stop waiting for it. */
const killMs = 30_000

interface Ended {
  readonly end: SandboxEnd
  /** No process of it is left. */
  readonly isEmpty: boolean
}

async function runToEnd(
  site: Site,
  slot: Slot,
  { timeoutMs }: SandboxSpec,
  signal: AbortSignal,
): Promise<Ended> {
  const { name, output } = slot
  const time = AbortSignal.timeout(timeoutMs)
  const cut = killWhen(site, name, AbortSignal.any([signal, time]))
  const giveUp = new AbortController()
  const gone = waitForEnd(site, name, timeoutMs + killMs, giveUp.signal)
  gone.catch(() => undefined)
  try {
    if ((await goodEnd(slot, gone, signal)) && !time.aborted) {
      await output.ended
      signal.throwIfAborted()
      return { end: { kind: 'exit', code: 0 }, isEmpty: true }
    }
    const code = await gone
    await Promise.all([output.ended, cut.done()])
    signal.throwIfAborted()
    if (time.aborted) return { end: { kind: 'timeout' }, isEmpty: false }
    return { end: await badEnd(site, name, code, signal), isEmpty: false }
  } finally {
    giveUp.abort()
    await cut.done()
  }
}

/** A job that ended well is over with its last process; the engine takes its time to notice. */
async function goodEnd(
  { control, isEmpty }: Slot,
  gone: Promise<unknown>,
  signal: AbortSignal,
): Promise<boolean> {
  const code = await Promise.race([control.code, gone.then(() => null)])
  return code === 0 && (await isEmpty(signal))
}

async function badEnd(
  site: Site,
  name: string,
  code: number | null,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const found = await inspectContainer(site, name, signal)
  const isOutOfMemory = found !== null && (await ranOutOfMemory(site, found, signal))
  return code !== 0 && isOutOfMemory
    ? { kind: 'out-of-memory' }
    : { kind: 'exit', code: code ?? 137 }
}

/** Kills the container once the signal says so, at once when it already has. */
function killWhen(site: Site, name: string, signal: AbortSignal): { done(): Promise<void> } {
  let killing = Promise.resolve()
  const kill = (): void => {
    killing = signalContainer(site, name, 'SIGKILL', AbortSignal.timeout(killMs))
    killing.catch(() => undefined) // the removal that follows kills as well
  }
  if (signal.aborted) kill()
  else signal.addEventListener('abort', kill, { once: true })
  return {
    done: async () => {
      signal.removeEventListener('abort', kill)
      await killing.catch(() => undefined)
    },
  }
}
