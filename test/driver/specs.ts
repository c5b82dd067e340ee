import type { CopySpec, Fleet, Limits, SandboxSpec } from '#driver/driver.ts'

const MiB = 1024 ** 2

export const limits: Limits = {
  memoryBytes: 128 * MiB,
  cpuShares: 1024,
  pids: 64,
  openFiles: 1024,
  diskBytes: 16 * MiB,
}

/** What a driver under test is opened with, and what its copies run on. */
export interface Ground {
  readonly stackImage: string
  /** Layers of a small app. */
  readonly layers: readonly string[]
  /** A subnet for each of these: the driver must not be given one twice. */
  subnetOf(environmentId: string): string
}

let serial = 0

/** A name that nobody had before. */
export function freshName(): string {
  serial += 1
  return `slw-test-${process.pid}-${serial}`
}

export function copySpec(
  ground: Ground,
  command: string,
  { environmentId = 'env-one', ...changes }: Partial<CopySpec> & { environmentId?: string } = {},
): CopySpec {
  return {
    name: freshName(),
    owner: { appId: `app-of-${environmentId}`, environmentId, app: 'hello' },
    deploymentId: 'deployment-one',
    release: 7,
    type: 'web',
    index: 1,
    artifact: { kind: 'tree', layers: [...ground.layers] },
    stackImage: ground.stackImage,
    command,
    env: { PORT: '5000', HELLO: 'world' },
    subnet: ground.subnetOf(environmentId),
    limits,
    ...changes,
  }
}

export function sandboxSpec(
  ground: Ground,
  script: string,
  changes: Partial<SandboxSpec> = {},
): SandboxSpec {
  return {
    name: freshName(),
    owner: { appId: 'app-one', environmentId: 'env-one', app: 'hello' },
    image: ground.stackImage,
    argv: ['/bin/bash', '-c', script],
    env: {},
    mounts: [],
    overlay: null,
    secrets: {},
    limits,
    timeoutMs: 30_000,
    ...changes,
  }
}

/** What is left of a test that failed half way must not keep the next one from starting. */
export async function stopAll(fleet: Fleet, signal: AbortSignal): Promise<void> {
  for (const { name } of await fleet.list({}, signal)) await fleet.stop(name, 0, signal)
}
