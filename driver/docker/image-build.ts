import { EngineError } from '#driver/driver.ts'
import type { BuiltImage, ImageSpec } from '#driver/driver.ts'
import { explain } from './build-failure.ts'
import { removeLeftovers, removeSteps } from './build-leftovers.ts'
import { containerIn, imageIn, openOutput, readMessages } from './build-output.ts'
import type { Message } from './build-output.ts'
import { openBuildGroup } from './cgroup.ts'
import type { BuildGroup } from './cgroup.ts'
import { Refusal } from './errors.ts'
import { inspectImage } from './image.ts'
import { buildQuery } from './image-query.ts'
import { ownerLabels } from './labels.ts'
import type { Labels } from './labels.ts'
import { hash } from './names.ts'
import { ensureBuildNetwork } from './network.ts'
import type { Site } from './site.ts'

const cleanUpMs = 30_000

/**
 * Builds a Dockerfile with the engine's classic builder, not with BuildKit. What steps do is as
 * foreign as what apps do, and BuildKit inside the engine takes neither limits nor a cgroup for them
 * (`memory`, `cgroupparent` are passed over), and no network but the engine's default bridge, where
 * everything the host listens on and 169.254.0.0/16 can be reached. A rule for that bridge would
 * hit other people's containers, for nothing tells their packets from a step's. The classic builder's
 * steps are common containers: they get limits, and the network that our sandboxes have, with its
 * firewall. The price: no `RUN --mount`, no `COPY --chmod`, no here-documents.
 *
 * Not held by any of this: what `FROM` and `ADD http://…` name is fetched by the engine itself, from
 * the host's own network, 127.0.0.1 included.
 *
 * The build is over when its connection is: aborting closes it, and the engine kills the step.
 */
export async function buildImage(
  site: Site,
  spec: ImageSpec,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<BuiltImage | null> {
  const network = await ensureBuildNetwork(site, signal)
  const id = hash(`${site.settings.instance} ${spec.tag}`, 12)
  const group = await openBuildGroup(site, id, spec.limits, signal)
  const seen = { images: new Set<string>(), containers: new Set<string>() }
  const build: Build = { spec, network, group, ...seen, beganAtMs: Date.now(), onOutput }
  try {
    return await buildInTime(site, build, signal)
  } finally {
    await cleanUp(site, build, AbortSignal.timeout(cleanUpMs))
  }
}

interface Build {
  readonly spec: ImageSpec
  readonly network: string
  readonly group: BuildGroup
  /** Images it came to, step by step. */
  readonly images: Set<string>
  /** Containers its steps ran in. */
  readonly containers: Set<string>
  readonly beganAtMs: number
  readonly onOutput: (chunk: Buffer) => void
}

async function cleanUp(site: Site, build: Build, signal: AbortSignal): Promise<void> {
  const { containers, group } = build
  try {
    await removeSteps(site, { containers, group: group.parent }, signal)
    await group.remove(signal)
    await removeLeftovers(site, build, signal)
  } catch (error) {
    site.settings.log.warn('a build left something behind', { reason: String(error) })
  }
}

async function buildInTime(
  site: Site,
  build: Build,
  signal: AbortSignal,
): Promise<BuiltImage | null> {
  const time = AbortSignal.timeout(build.spec.timeoutMs)
  try {
    const id = await runBuild(site, build, AbortSignal.any([signal, time]))
    return id === null ? null : await describe(site, id, signal)
  } catch (error) {
    signal.throwIfAborted()
    const failure = time.aborted ? tookTooLong(build.spec) : refusal(error)
    build.onOutput(Buffer.from(`${failure}\n`))
    return null
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

/** The image's id; null when a step failed. */
async function runBuild(site: Site, build: Build, signal: AbortSignal): Promise<string | null> {
  const labels = ownerLabels(site.settings.instance, 'build', build.spec.owner)
  const answer = await site.engine.stream(request(build, labels), signal)
  // The builder writes each label as a step of its own.
  const show = openOutput(build.onOutput, Object.keys(labels).length)
  let id: string | null = null
  for await (const message of readMessages(answer, signal)) {
    if (message.error !== undefined) {
      build.onOutput(Buffer.from(await explain(message, build.spec.limits, build.group)))
      return null
    }
    if (message.stream !== undefined) show(message.stream)
    note(build, message)
    id = message.aux?.ID ?? id
  }
  if (id === null) throw new EngineError('The container engine ended a build without a word.', true)
  return id
}

function request({ spec, network, group }: Build, labels: Labels) {
  const query = buildQuery(spec, labels, { network, group: group.parent })
  const { context: file } = spec
  return { method: 'POST', path: '/build', query, file, doing: `build ${spec.tag}` } as const
}

function note({ images, containers }: Build, { stream = '' }: Message): void {
  const [image, container] = [imageIn(stream), containerIn(stream)]
  if (image !== undefined) images.add(image)
  if (container !== undefined) containers.add(container)
}

async function describe(site: Site, id: string, signal: AbortSignal): Promise<BuiltImage> {
  const { Id, Size, Config } = await inspectImage(site, id, signal)
  const exposed = Object.keys((Config.ExposedPorts as object | null | undefined) ?? {})
  return {
    id: Id,
    sizeBytes: Size,
    ports: exposed.filter((port) => port.endsWith('/tcp')).map((port) => Number.parseInt(port, 10)),
    hasCommand: isGiven(Config.Cmd) || isGiven(Config.Entrypoint),
  }
}

function isGiven(command: string | readonly string[] | null | undefined): boolean {
  return command !== null && command !== undefined && command.length > 0
}
