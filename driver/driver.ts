import type { Readable, Writable } from 'node:stream'
import type { Artifact } from '#contract/release.ts'

/** What the platform needs of whatever runs containers. `docker/` and `memory/` stand behind it. */

export interface Limits {
  /** Memory and swap together. */
  readonly memoryBytes: number
  /** Relative CPU weight; 1024 is one app's usual share. */
  readonly cpuShares: number
  /** CPU ceiling in cores; undefined: none. */
  readonly cpus?: number
  readonly pids: number
  readonly openFiles: number
  /** Of the writable `/app` and of `/tmp`, each. */
  readonly diskBytes: number
}

/** Whose a container is. Written as labels, so that what we made can be told from all else. */
export interface Owner {
  readonly appId: string
  readonly environmentId: string
  readonly app: string
}

/** One copy of a process type, or a one-off, of one release. */
export interface CopySpec {
  /** Deterministic and unique over all time; starting the same name twice starts it once. */
  readonly name: string
  readonly owner: Owner
  readonly deploymentId: string
  readonly release: number
  /** Process type; `run` and `release` for one-offs. */
  readonly type: string
  readonly index: number
  readonly artifact: Artifact
  /** Image of the stack for a `tree`. */
  readonly stackImage: string
  /** Where it listens, when that is not where all do; the list of copies tells it back. */
  readonly port?: number
  /** Command line as the Procfile has it, run by the stack's shell; null: the image's own command. */
  readonly command: string | null
  readonly env: Readonly<Record<string, string>>
  /** Subnet of the (app, environment) network, CIDR; made when it is not there. */
  readonly subnet: string
  readonly limits: Limits
}

/** A command line that is run in a copy. */
export interface CommandSpec extends CopySpec {
  readonly command: string
  /** Counted from when it runs: how long the engine takes to begin says nothing of it. */
  readonly timeoutMs: number
}

/**
 * What is seen of a copy.
 *
 * - `created`: made, not yet started (a crash between the two)
 * - `running`: its process runs; whether it is healthy is judged from outside
 * - `exited`: its process ended; `exitCode` and `oomKilled` say how
 */
export interface Instance extends Pick<
  CopySpec,
  'name' | 'owner' | 'deploymentId' | 'release' | 'type' | 'index' | 'port'
> {
  readonly state: 'created' | 'running' | 'exited'
  /** Where it can be reached from the host; null when it does not run. */
  readonly address: string | null
  readonly exitCode: number | null
  readonly oomKilled: boolean
  readonly startedAtMs: number
}

/** A line a copy wrote. */
export interface OutputLine {
  readonly atMs: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export interface OneOff {
  /** Exit code; 128 + n when signal n ended it. */
  readonly exit: Promise<number>
  readonly stdin: Writable
  /** Both streams must be read: a one-off waits for whoever does not. */
  readonly stdout: Readable
  /** With a terminal all output comes on `stdout`. */
  readonly stderr: Readable
  resize(columns: number, rows: number): Promise<void>
  signal(name: string): Promise<void>
  /** Kills it if it still runs and removes it. */
  close(): Promise<void>
}

/** What the controller needs: copies that run, are seen, and stop. */
export interface Fleet {
  /** Makes, if need be, the network and the mounts, and starts the copy. Idempotent by name. */
  start(spec: CopySpec, signal: AbortSignal): Promise<void>
  /** Prepares for the next start of what was started lately, so that it need not wait for the engine. */
  makeReady(signal: AbortSignal): Promise<void>
  /** Every copy and one-off of ours, of one environment or of all. */
  list(filter: { environmentId?: string }, signal: AbortSignal): Promise<Instance[]>
  /** SIGTERM, after `graceMs` SIGKILL, then removed with its mounts. What is gone is no error. */
  stop(name: string, graceMs: number, signal: AbortSignal): Promise<void>
  /** Starts a one-off with its streams attached; the caller closes it. */
  attach(
    spec: CopySpec,
    terminal: { columns: number; rows: number } | null,
    signal: AbortSignal,
  ): Promise<OneOff>
  /**
   * Runs `spec.command` in the copy of that name, which runs; its exit code (126 or 127 when it cannot be
   * run), or null when it took too long. Nobody reads its output. Then, and when aborted, it is killed with
   * all of its process group. Throws EngineError when the engine does not run it, or tell how it ended.
   */
  exec(spec: CommandSpec, signal: AbortSignal): Promise<number | null>
  /** Waits for a started copy to end; its exit code. */
  wait(name: string, signal: AbortSignal): Promise<number>
  /** What a copy wrote since a time; with `follow` it ends when the copy does. */
  output(
    name: string,
    options: { sinceMs: number; follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<OutputLine>
  /** Calls back whenever a copy of ours starts or ends; until aborted. A kick, never the truth. */
  watch(onChange: (environmentId: string) => void, signal: AbortSignal): Promise<void>
  /** Removes the network of an environment; its copies must be gone. */
  removeNetwork(environmentId: string, signal: AbortSignal): Promise<void>
  /** Subnets (CIDR) on this host that are not ours to give: its routes and the engine's networks. */
  foreignSubnets(signal: AbortSignal): Promise<string[]>
}

/** A directory of the host inside a sandbox. */
interface Mount {
  readonly source: string
  readonly target: string
  readonly writable: boolean
}

/** A container that is thrown away: a build, or a step of one. */
export interface SandboxSpec {
  readonly name: string
  readonly owner: Owner
  readonly image: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
  /** An overlay at `target`: `lower` read-only, top first, and `upper` written to. */
  readonly overlay: {
    readonly target: string
    readonly upper: string
    readonly lower: readonly string[]
  } | null
  /** Files handed in on tmpfs below `/run/secrets`, never through argv or environment. */
  readonly secrets: Readonly<Record<string, string>>
  readonly limits: Limits
  readonly timeoutMs: number
  /** More of this image, with the same mounts to read, will follow; see `Workshop.makeReady`. */
  readonly recurs?: boolean
}

export type SandboxEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'out-of-memory' }
  | { readonly kind: 'timeout' }

export interface ImageSpec {
  readonly owner: Owner
  /** Build context as a tar stream, plain. */
  readonly context: Readable
  readonly dockerfile: string
  /** Stage to build; undefined: the last one. */
  readonly target?: string
  readonly tag: string
  readonly buildArgs: Readonly<Record<string, string>>
  /** By id, for steps that say `RUN --mount=type=secret,id=…`; they are in no layer. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Nothing that was built before is used. */
  readonly fresh?: boolean
  /** Of its steps; what they write to disk is not limited, so `diskBytes` counts for nothing. */
  readonly limits: Limits
  readonly timeoutMs: number
}

/** Where an image comes from that was made elsewhere. */
export type ImageOrigin =
  | {
      readonly kind: 'pull'
      /** `NAME@sha256:…` */
      readonly name: string
      readonly auth?: { readonly username: string; readonly password: string }
    }
  /** An archive as `docker save` writes it, gzipped or not. */
  | { readonly kind: 'load'; readonly file: string }

export interface ImageImport extends Pick<ImageSpec, 'owner' | 'tag' | 'limits' | 'timeoutMs'> {
  readonly origin: ImageOrigin
}

export interface BuiltImage {
  /** `sha256:…` */
  readonly id: string
  readonly sizeBytes: number
  /** TCP ports the image exposes. */
  readonly ports: readonly number[]
  readonly hasCommand: boolean
  /** User it wants to run as; empty: root, which it does not get. */
  readonly user: string
  /** It has a health check of its own, which is not run: health is judged from outside. */
  readonly hasHealthCheck: boolean
}

/** An image that a build made. */
export interface OwnImage {
  /** `sha256:…` */
  readonly id: string
  /** With what it shares with others. */
  readonly sizeBytes: number
  readonly createdAtMs: number
}

/** What the builder needs: containers that run to an end, and images built. */
export interface Workshop {
  /**
   * Runs to the end, output (both streams) handed over as it comes. Afterwards no process of it is left,
   * and its mounts and secrets are gone; the empty container may take a moment longer.
   */
  run(
    spec: SandboxSpec,
    onOutput: (chunk: Buffer) => void,
    signal: AbortSignal,
  ): Promise<SandboxEnd>
  /** Starts an empty sandbox for each kind that recurs, so that the next one need not be waited for. */
  makeReady(signal: AbortSignal): Promise<void>
  /** A Dockerfile build; null when the build itself failed for another reason (its output says which). */
  buildImage(
    spec: ImageSpec,
    onOutput: (chunk: Buffer) => void,
    signal: AbortSignal,
  ): Promise<BuiltImage | 'out-of-memory' | null>
  /** Takes an image that was made elsewhere; null when it cannot be had (the output says why). */
  importImage(
    spec: ImageImport,
    onOutput: (chunk: Buffer) => void,
    signal: AbortSignal,
  ): Promise<BuiltImage | null>
  /** The images that builds of this platform made; those of stacks are not among them. */
  images(signal: AbortSignal): Promise<OwnImage[]>
  /** Removes an image of ours; what is gone is no error. */
  removeImage(image: string, signal: AbortSignal): Promise<void>
  /** Digest of a stack's image; throws when it is not there. */
  imageDigest(image: string, signal: AbortSignal): Promise<string>
  /** Removes sandboxes a killed builder left behind. */
  sweep(signal: AbortSignal): Promise<void>
}

/** The engine does not answer, or answered with an error. `message` is fit for a user to read. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  /** The engine could not be reached at all. */
  readonly unreachable: boolean

  constructor(message: string, unreachable: boolean, options?: ErrorOptions) {
    super(message, options)
    this.unreachable = unreachable
  }
}
