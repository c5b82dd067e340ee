import type Docker from 'dockerode'
import type { CopySpec, Limits } from '#driver/driver.ts'
import { copyLabels, madeAsLabel } from './labels.ts'
import { appUid } from './names.ts'
import type { DockerSettings } from './settings.ts'
import { controlTarget, successor } from './slot-control.ts'
import { asSlave, bind, trustMounts, trustVariables } from './trust.ts'
import { imageEntrypoint, treeEntrypoint } from './wrapper.ts'

/**
 * The hardening of every container we make, as pure functions from what is wanted to the body of
 * the engine's `create`.
 *
 * An image made from a Dockerfile gets the profile of a tree: no root, and a read-only root with
 * tmpfs at `/tmp`, `/run` and each declared volume. Its working directory stays read-only too: what
 * is written to a container's own layer lands on the host's disk, for which the engine has no
 * limit here, and one app must not fill it for all. What an image has to write goes to `/tmp`.
 */

/** What the host prepared for a copy. */
export interface Place {
  readonly network: string
  readonly address: string
  readonly atMs: number
}

/** What must be known of an image before it runs. */
export interface ImageFacts {
  /** User to run as, never root: `1000`, `node`, `10001:10001`. */
  readonly user: string
  /** Number of that user. */
  readonly uid: number
  /** Directories the image declares as volumes. */
  readonly volumes: readonly string[]
}

const tmpfsOptions = 'rw,exec,nosuid,nodev'

/** What holds for copies, one-offs and sandboxes alike. */
export function hardened(limits: Limits): Docker.HostConfig {
  return {
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Privileged: false,
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': `${tmpfsOptions},mode=1777,size=${limits.diskBytes}` },
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    CpuShares: limits.cpuShares,
    ...(limits.cpus === undefined ? {} : { NanoCpus: Math.round(limits.cpus * 1e9) }),
    PidsLimit: limits.pids,
    Ulimits: [
      { Name: 'nofile', Soft: limits.openFiles, Hard: limits.openFiles },
      { Name: 'core', Soft: 0, Hard: 0 },
    ],
    // When the host itself runs short, an app goes before the platform does.
    OomScoreAdj: 500,
    Init: true,
    IpcMode: 'private',
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
  }
}

/** A copy of a `tree`; `app` is the mounted directory that becomes `/app`. */
export function treeBody(
  spec: CopySpec,
  place: Place,
  app: string,
  settings: DockerSettings,
): Docker.ContainerCreateOptions {
  const mounts = [bind(app, '/app', true), bind(settings.runtimesDir, '/runtimes', false)]
  const defaults = treeDefaults(settings)
  return {
    ...copyBody(spec, place, settings, defaults, [...mounts, ...trustMounts(settings.caBundle)]),
    Image: spec.stackImage,
    User: `${appUid}:${appUid}`,
    WorkingDir: '/app',
    Entrypoint: [...treeEntrypoint],
    Cmd: [spec.command ?? ''],
  }
}

function treeDefaults({ caBundle }: DockerSettings): Record<string, string> {
  return { HOME: '/app', ...trustVariables(caBundle) }
}

/** All that a copy of a tree finds in its environment. */
export function treeVariables({ env }: CopySpec, settings: DockerSettings): Record<string, string> {
  return { ...treeDefaults(settings), ...env }
}

/**
 * A container that becomes a copy of a tree later: nothing of the copy is in its body. What is mounted
 * on its `/app` then shows inside.
 */
export function waitingBody(
  body: Docker.ContainerCreateOptions,
  madeAs: string,
  control: string,
): Docker.ContainerCreateOptions {
  const [entrypoint = '', ...args] = successor
  const { HostConfig, Labels = {} } = body
  const mounts = HostConfig?.Mounts ?? []
  const later = mounts.map((one) => (one.Target === '/app' ? asSlave(one) : one))
  return {
    ...body,
    Entrypoint: [entrypoint],
    Cmd: args,
    Env: [...(body.Env ?? []), 'PERL_BADLANG=0'],
    Labels: { ...Labels, [madeAsLabel]: madeAs },
    HostConfig: { ...HostConfig, Mounts: [...later, bind(control, controlTarget, false)] },
  }
}

/** A copy of an `image`; `command` null leaves the image's own. */
export function imageBody(
  spec: CopySpec,
  place: Place,
  image: string,
  facts: ImageFacts,
  settings: DockerSettings,
): Docker.ContainerCreateOptions {
  const command =
    spec.command === null ? {} : { Entrypoint: [...imageEntrypoint], Cmd: [spec.command] }
  const body = copyBody(spec, place, settings, {}, [])
  const Tmpfs = { ...imageTmpfs(spec.limits, facts), ...body.HostConfig?.Tmpfs }
  return {
    ...body,
    Image: image,
    User: facts.user,
    ...command,
    HostConfig: { ...body.HostConfig, Tmpfs },
  }
}

/**
 * Declared volumes would become directories of the host's disk without any limit. The directories
 * keep the modes they have in the image (runc sees to that), so the user has to own them.
 */
function imageTmpfs({ diskBytes }: Limits, { uid, volumes }: ImageFacts): Record<string, string> {
  const options = `${tmpfsOptions},uid=${uid},size=${diskBytes}`
  return Object.fromEntries(['/run', ...volumes].map((path) => [path, options]))
}

function copyBody(
  spec: CopySpec,
  place: Place,
  settings: DockerSettings,
  defaults: Readonly<Record<string, string>>,
  mounts: Docker.MountSettings[],
): Docker.ContainerCreateOptions {
  return {
    Hostname: `${spec.type}-${spec.index}`,
    Env: variables(defaults, spec.env),
    Labels: copyLabels(settings.instance, spec, place.atMs),
    HostConfig: { ...hardened(spec.limits), NetworkMode: place.network, Mounts: mounts },
    NetworkingConfig: {
      EndpointsConfig: { [place.network]: { IPAMConfig: { IPv4Address: place.address } } },
    },
  }
}

// The init hands signals to the whole process group, not to the shell alone.
const always = { TINI_KILL_PROCESS_GROUP: '1' }

/** `NAME=value` of every variable; `env` wins over `defaults`. */
export function variables(
  defaults: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): string[] {
  return Object.entries({ ...always, ...defaults, ...env }).map(
    ([name, value]) => `${name}=${value}`,
  )
}
