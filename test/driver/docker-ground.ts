import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDocker } from '#driver/docker/docker.ts'
import type { Docker, DockerSettings } from '#driver/docker/docker.ts'
import { openLog } from '#lib/log.ts'
import type { Ground } from './specs.ts'

/** A real engine with an instance of our own on it, and what it needs of the host. */
export interface DockerGround extends Ground, Docker {
  readonly settings: DockerSettings
  /** A directory that is removed in the end. */
  readonly folder: string
  /** Makes a directory of files that belong to the user of apps. */
  tree(name: string, files: Readonly<Record<string, string>>): Promise<string>
  close(): Promise<void>
}

const appUid = 10001
let opened = 0

/** Subnets that differ between test processes running side by side. */
function subnets(): string {
  opened += 1
  return `10.${200 + (process.pid % 50)}.${((process.pid >>> 3) & 0xf8) | (opened & 7)}`
}

export async function openGround(changes: Partial<DockerSettings> = {}): Promise<DockerGround> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-driver-'))
  const net = subnets()
  const settings: DockerSettings = {
    instance: `test-${process.pid}-${opened}`,
    runDir: join(folder, 'run'),
    runtimesDir: join(folder, 'runtimes'),
    routerPorts: [8080],
    buildSubnet: `${net}.192/26`,
    log: openLog('test', () => undefined),
    ...changes,
  }
  await mkdir(settings.runtimesDir, { recursive: true })
  const docker = await openDocker(settings)
  const tree = (name: string, files: Readonly<Record<string, string>>): Promise<string> =>
    writeTree(join(folder, name), files)
  const environments: string[] = []
  return {
    ...docker,
    settings,
    folder,
    tree,
    stackImage: await stackImage(docker),
    layers: [await tree('slug', { 'index.txt': 'hello\n' })],
    subnetOf: (id) => {
      if (!environments.includes(id)) environments.push(id)
      return `${net}.${environments.indexOf(id) * 16}/28`
    },
    close: async () => {
      await docker.uninstall(AbortSignal.timeout(60_000))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The stack's run image when it was built on this host, else a plain Debian. */
async function stackImage({ workshop }: Docker): Promise<string> {
  const stack = 'slipway-12:run'
  try {
    await workshop.imageDigest(stack, AbortSignal.timeout(10_000))
    return stack
  } catch {
    return 'base:bookworm'
  }
}

async function writeTree(path: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(path, { recursive: true })
  await chown(path, appUid, appUid)
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(path, name), content)
    await chown(join(path, name), appUid, appUid)
  }
  return path
}
