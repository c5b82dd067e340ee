import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { openDocker } from '#driver/docker/docker.ts'
import { openLog } from '#lib/log.ts'
import { until, type Repo, type World } from './fixture.ts'

const bundle = '/etc/ssl/certs/ca-certificates.crt'

/** A builder as its own process, with the real engine and our own buildpacks. */
export interface RealBuilder {
  readonly child: ChildProcess
  /** Its state folder. */
  readonly state: string
  readonly sshPort: number
  readonly httpPort: number
  /** JSON lines it logged. */
  readonly log: () => string
  push(repo: Repo, app: string): ReturnType<Repo['startPush']>
  /** What `docker` prints. */
  docker(...args: string[]): Promise<string>
}

export async function startReal(
  t: Test,
  world: World,
  { instance, subnet, ...settings }: Record<string, string> & { instance: string; subnet: string },
): Promise<RealBuilder> {
  const state = join(world.root, 'real')
  await mkdir(join(state, 'keys'), { recursive: true })
  await copyFile(join(world.root, 'host'), join(state, 'keys/ssh_host_ed25519_key'))
  await writeFile(join(state, 'keys/internal.token'), 'test-token\n')
  const env = {
    ...process.env,
    SLIPWAY_STATE: state,
    SLIPWAY_SSH_PORT: '0',
    SLIPWAY_BUILDER_PORT: '0',
    SLIPWAY_CONTROLLER_URL: `http://127.0.0.1:${world.controller.port}`,
    SLIPWAY_INSTANCE: instance,
    SLIPWAY_BUILD_SUBNET: subnet,
    ...(existsSync(bundle) ? { SLIPWAY_CA_BUNDLE: bundle } : {}),
    ...settings,
  }
  const main = join(import.meta.dirname, '../../builder/main.ts')
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'inherit', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk) => (log += chunk))
  t.teardown(() => stop(child, instance, state))
  const hasStarted = (): boolean => log.includes('"event":"started"') || child.exitCode !== null
  await until(hasStarted, 20_000)
  const sshPort = Number(/"ssh":(\d+)/.exec(log)?.[1])
  return {
    child,
    state,
    sshPort,
    httpPort: Number(/"http":(\d+)/.exec(log)?.[1]),
    log: () => log,
    push: (repo, app) => repo.startPushTo(`ssh://git@127.0.0.1:${sshPort}/${app}.git`, 'main'),
    docker: async (...args) => {
      const options = { maxBuffer: 64 * 1024 ** 2 }
      return (await promisify(execFile)('docker', args, options)).stdout
    },
  }
}

async function stop(child: ChildProcess, instance: string, state: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  const log = openLog('test', () => undefined)
  const runDir = join(state, 'run')
  const runtimesDir = join(state, 'builder/runtimes')
  const docker = await openDocker({ instance, runDir, runtimesDir, routerPorts: [8080], log })
  await docker.uninstall(AbortSignal.timeout(60_000))
}
