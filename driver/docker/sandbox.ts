import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { retry } from '#lib/retry.ts'
import type { SandboxEnd, SandboxSpec } from '#driver/driver.ts'
import {
  createContainer,
  inspectContainer,
  pathOf,
  removeContainer,
  signalContainer,
  startContainer,
  waitForEnd,
} from './container.ts'
import { demultiplex } from './demultiplex.ts'
import { clearMounts, mountOverlay } from './mounts.ts'
import { checkName } from './names.ts'
import { ensureBuildNetwork } from './network.ts'
import { sandboxBody } from './sandbox-profile.ts'
import { writeSecrets } from './secrets.ts'
import type { Site } from './site.ts'
import { bind } from './trust.ts'
import type Docker from 'dockerode'

const cleanUpMs = 30_000
const dayMs = 24 * 3_600_000
const untilItIsBack = { times: dayMs / 1000, pauseMs: 1000, isPassing: () => true }

/** Runs a sandbox to its end; its container, mounts and secrets are gone afterwards, come what may. */
export async function runSandbox(
  site: Site,
  spec: SandboxSpec,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  checkName(spec.name)
  try {
    const network = await ensureBuildNetwork(site, signal)
    const mounts = await prepare(site, spec, signal)
    const body = sandboxBody(spec, { network, mounts }, site.settings)
    await createContainer(site, spec.name, body, signal)
    return await runToEnd(site, spec, onOutput, signal)
  } finally {
    await clearSoon(site, spec.name)
    if (spec.overlay !== null)
      await rm(workOf(spec.overlay.upper), { recursive: true, force: true })
  }
}

/** An engine that is away just now keeps nobody waiting: its sandbox goes when it is back. */
async function clearSoon(site: Site, name: string): Promise<void> {
  const clear = (): Promise<void> => clearSandbox(site, name, AbortSignal.timeout(cleanUpMs))
  await clear().catch((error: unknown) => {
    site.settings.log.warn('sandbox.left', { name, reason: String(error) })
    void retry(clear, untilItIsBack, AbortSignal.timeout(dayMs)).catch(() => undefined)
  })
}

/** Removes what a sandbox of this name left, if anything. */
async function clearSandbox(site: Site, name: string, signal: AbortSignal): Promise<void> {
  const found = await inspectContainer(site, name, signal)
  if (found !== null) await removeContainer(site, name, signal)
  await clearMounts(sandboxBase(site, name), signal)
}

/** Where the mounts of a sandbox are. */
function sandboxBase({ settings }: Site, name: string): string {
  return join(settings.runDir, 'sandboxes', name)
}

async function prepare(
  site: Site,
  spec: SandboxSpec,
  signal: AbortSignal,
): Promise<Docker.MountSettings[]> {
  const base = sandboxBase(site, spec.name)
  const secrets = join(base, 'secrets')
  await mkdir(base, { recursive: true, mode: 0o700 })
  await writeSecrets(secrets, spec.secrets, signal)
  const tree = await overlaid(spec, join(base, 'tree'), signal)
  const asked = spec.mounts.map(({ source, target, writable }) => bind(source, target, writable))
  return [...tree, ...asked, bind(secrets, '/run/secrets', false)]
}

async function overlaid(
  { overlay }: SandboxSpec,
  merged: string,
  signal: AbortSignal,
): Promise<Docker.MountSettings[]> {
  if (overlay === null) return []
  const { target, upper, lower } = overlay
  if (lower.length === 0) return [bind(upper, target, true)]
  const work = workOf(upper)
  await mkdir(work, { recursive: true })
  await mountOverlay(merged, { lower, upper, work }, signal)
  return [bind(merged, target, true)]
}

/** The overlay's scratch folder must be on the file system of `upper`, so it is beside it. */
function workOf(upper: string): string {
  return `${upper}.work`
}

/** Time for a killed container to be gone before we stop waiting for it. */
const killMs = 30_000

async function runToEnd(
  site: Site,
  { name, timeoutMs }: SandboxSpec,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const printed = await followOutput(site, name, onOutput, signal)
  await startContainer(site, name, signal)
  const time = AbortSignal.timeout(timeoutMs)
  const cut = killWhen(site, name, AbortSignal.any([signal, time]))
  const code = await waitForEnd(site, name, timeoutMs + killMs, new AbortController().signal)
  await Promise.all([printed.ended, cut.done()])
  signal.throwIfAborted()
  if (time.aborted) return { kind: 'timeout' }
  const oomKilled = (await inspectContainer(site, name, signal))?.State.OOMKilled === true
  return code !== 0 && oomKilled ? { kind: 'out-of-memory' } : { kind: 'exit', code: code ?? 137 }
}

/** Attaches before the start, so that not a byte is missed; answers the end of the output. */
async function followOutput(
  { engine }: Site,
  name: string,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<{ ended: Promise<void> }> {
  const query = { stream: true, stdout: true, stderr: true }
  const path = `${pathOf(name)}/attach`
  const request = { method: 'POST', path, query, doing: `attach to ${name}` } as const
  const socket = await engine.hijack(request, signal)
  const ended = (async () => {
    for await (const { bytes } of demultiplex(socket)) onOutput(bytes)
  })()
  ended.catch(() => undefined)
  return { ended }
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
