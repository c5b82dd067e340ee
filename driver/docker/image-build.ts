import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { EngineError } from '#driver/driver.ts'
import type { BuiltImage, ImageSpec } from '#driver/driver.ts'
import { openBuildSession } from './build-session.ts'
import { limitSteps } from './buildkit-group.ts'
import { watchMemory } from './buildkit-memory.ts'
import { openProgress, readStatus } from './buildkit.ts'
import { Refusal } from './errors.ts'
import { inspectImage } from './image.ts'
import { ownerLabels } from './labels.ts'
import type { Site } from './site.ts'

/** A line of the engine's answer to a build. */
interface Message {
  readonly id?: string
  readonly aux?: string | { readonly ID?: string }
  readonly stream?: string
  readonly error?: string
}

/**
 * Builds a Dockerfile with the engine's BuildKit: a plain tar needs no session. The build is over
 * when its connection is: aborting closes it, and the engine stops the steps.
 *
 * BuildKit of this engine takes no network of ours for the steps: they run on the engine's default
 * bridge, where the host's listeners on 0.0.0.0 can be reached, and no rule of ours can tell them
 * from other people's containers. Ours that matter (API, builder, the router's admin) listen on
 * 127.0.0.1, and ask for a token, since the engine itself fetches what `ADD http://…` names.
 */
export async function buildImage(
  site: Site,
  spec: ImageSpec,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<BuiltImage | 'out-of-memory' | null> {
  const time = AbortSignal.timeout(spec.timeoutMs)
  const areLimited = await limitSteps(site, spec.limits, signal)
  const ranOut = areLimited ? await watchMemory() : null
  const session = await openBuildSession(site, spec.secrets ?? {}, signal)
  try {
    const within = AbortSignal.any([signal, time])
    const end = await runBuild(site, { ...spec, session: session.id }, onOutput, within)
    if (end.kind === 'built') return await describe(site, end.id, signal)
    if (!end.wasKilled) return null
    if (ranOut !== null) return (await ranOut()) ? 'out-of-memory' : null
    onOutput(Buffer.from(guess(spec)))
    return null
  } catch (error) {
    signal.throwIfAborted()
    const failure = time.aborted ? tookTooLong(spec) : refusal(error)
    onOutput(Buffer.from(`${failure}\n`))
    return null
  } finally {
    session.close()
  }
}

function tookTooLong({ timeoutMs }: ImageSpec): string {
  return `The build took longer than ${Math.round(timeoutMs / 1000)} s and was stopped.`
}

/** The engine refuses what is wrong with the Dockerfile itself (400); all else is thrown on. */
function refusal(error: unknown): string {
  if (error instanceof Refusal && error.status < 500) return error.message
  throw error
}

type BuildEnd =
  | { readonly kind: 'built'; readonly id: string }
  /** `wasKilled`: a step ended as one does that the kernel kills. */
  | { readonly kind: 'failed'; readonly wasKilled: boolean }

async function runBuild(
  site: Site,
  spec: SessionSpec,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<BuildEnd> {
  const answer = await site.engine.stream(request(site, spec), signal)
  const show = openProgress(onOutput)
  let id: string | null = null
  for await (const message of readMessages(answer, signal)) {
    if (message.error !== undefined) {
      onOutput(Buffer.from(`${message.error}\n`))
      return { kind: 'failed', wasKilled: message.error.includes('exit code: 137') }
    }
    if (message.stream !== undefined) onOutput(Buffer.from(message.stream))
    if (typeof message.aux === 'string') show(readStatus(Buffer.from(message.aux, 'base64')))
    else id = message.aux?.ID ?? id
  }
  if (id === null) throw new EngineError('The container engine ended a build without a word.', true)
  return { kind: 'built', id }
}

/** Where the engine's steps cannot be looked into. */
function guess({ limits }: ImageSpec): string {
  const megabytes = Math.round(limits.memoryBytes / 1e6)
  return `The step was killed: most likely it needed more than the ${megabytes} MB of memory a build has.\n`
}

interface SessionSpec extends ImageSpec {
  /** Id of the session that hands out secrets. */
  readonly session: string
}

function request({ settings }: Site, spec: SessionSpec) {
  const query = {
    version: '2',
    session: spec.session,
    ...(spec.fresh === true ? { nocache: true } : {}),
    extrahosts: scopeOf(settings.instance, spec.owner),
    dockerfile: spec.dockerfile,
    ...(spec.target === undefined ? {} : { target: spec.target }),
    t: spec.tag,
    buildargs: JSON.stringify({ ...spec.buildArgs, ...cacheNamespace(spec.owner) }),
    labels: JSON.stringify(ownerLabels(settings.instance, 'build', spec.owner)),
    rm: true,
    forcerm: true,
  }
  const { context: file } = spec
  return { method: 'POST', path: '/build', query, file, doing: `build ${spec.tag}` } as const
}

/**
 * What no other app's build has, for the engine to tell their steps apart: else a step that read one
 * app's secret would be taken from its cache for another. It stands in the steps' `/etc/hosts` alone.
 */
function scopeOf(instance: string, { appId }: ImageSpec['owner']): string {
  return `${appId}.${instance}.slipway.invalid:127.0.0.1`
}

/** Caches of `RUN --mount=type=cache` belong to one app. */
function cacheNamespace({ appId }: ImageSpec['owner']): Record<string, string> {
  return { BUILDKIT_CACHE_MOUNT_NS: appId }
}

async function* readMessages(answer: Readable, signal: AbortSignal): AsyncGenerator<Message> {
  try {
    for await (const line of createInterface({ input: answer })) {
      if (line !== '') yield JSON.parse(line) as Message
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new EngineError('The connection to the container engine broke off.', true, {
      cause: error,
    })
  } finally {
    answer.destroy()
  }
}

async function describe(site: Site, id: string, signal: AbortSignal): Promise<BuiltImage> {
  const { Id, Size, Config } = await inspectImage(site, id, signal)
  const exposed = Object.keys((Config.ExposedPorts as object | null | undefined) ?? {})
  return {
    id: Id,
    sizeBytes: Size,
    ports: exposed.filter((port) => port.endsWith('/tcp')).map((port) => Number.parseInt(port, 10)),
    hasCommand: isGiven(Config.Cmd) || isGiven(Config.Entrypoint),
    user: Config.User,
    hasHealthCheck: isGiven((Config as { Healthcheck?: { Test?: string[] } }).Healthcheck?.Test),
  }
}

function isGiven(command: string | readonly string[] | null | undefined): boolean {
  return command !== null && command !== undefined && command.length > 0
}
