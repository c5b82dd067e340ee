import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import type { Test } from 'tap'
import { startBuilder, type Builder } from '#builder/builder.ts'
import { readConfig } from '#builder/config.ts'
import type { User } from '#builder/receive/authentication.ts'
import { fingerprintOf } from '#builder/receive/fingerprint.ts'
import { cancelRunning } from '#contract/builder.ts'
import { call } from '#contract/call.ts'
import type { ImageSpec, SandboxEnd, SandboxSpec, Workshop } from '#driver/driver.ts'
import { openMemory } from '#driver/memory/memory.ts'
import { openLog } from '#lib/log.ts'
import { FakeController } from './fake-controller.ts'

/** What a program printed (both streams) and how it ended. */
export interface Ended {
  readonly code: number
  readonly text: string
}

/** A program that runs. */
interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Waits until it has printed something. */
  says(text: string): Promise<void>
}

export type Sandbox = (
  spec: SandboxSpec,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
) => Promise<SandboxEnd>

type ImageAsked = Pick<ImageSpec, 'dockerfile' | 'target' | 'buildArgs'> & {
  readonly files: readonly string[]
}

/** A builder with a controller and users, all on this machine and gone after the test. */
export interface World {
  readonly root: string
  readonly state: string
  readonly controller: FakeController
  readonly alice: User
  /** What sandboxes do; a test may put its own in. */
  sandbox: Sandbox
  readonly sandboxes: SandboxSpec[]
  /** Images that were built, with the paths of their contexts. */
  readonly images: ImageAsked[]
  readonly workshop: Workshop
  readonly log: string[]
  readonly builder: Builder
  /** Environment of a git or ssh client with the key of `who`. */
  env(who?: string): Record<string, string>
  url(app: string): string
  ssh(args: readonly string[], who?: string): Promise<Ended>
  startSsh(args: readonly string[]): Started
  /** Command line of an `ssh` with alice's key. */
  sshArgv(args: readonly string[]): string[]
  /** As the controller cancels a build. */
  cancel(build: string, by: string): Promise<string>
  /** With these settings as well from now on. */
  restart(settings?: Record<string, string>): Promise<void>
}

export async function openWorld(t: Test, settings: Record<string, string> = {}): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'slipway-builder-'))
  const controller = await FakeController.open()
  const state = join(root, 'state')
  const host = await makeKey(root, 'host')
  const alice = { id: '00000000-0000-4000-8000-00000000000a', email: 'alice@example.com' }
  controller.users.set(await makeKey(root, 'alice').then(fingerprintIn), alice)
  await makeKey(root, 'mallory')
  const environment: Record<string, string> = {
    SLIPWAY_STATE: state,
    SLIPWAY_SSH_HOST: '127.0.0.1',
    SLIPWAY_SSH_PORT: '0',
    SLIPWAY_BUILDER_PORT: '0',
    SLIPWAY_CONTROLLER_URL: `http://127.0.0.1:${controller.port}`,
    SLIPWAY_BUILDPACKS: await makePacks(root),
    SLIPWAY_BUILD_FREE_DISK: '1M',
    ...settings,
  }
  const sandboxes: SandboxSpec[] = []
  const images: ImageAsked[] = []
  const { workshop } = openMemory({
    images: { 'slipway-12:build': 'sha256:stack' },
    image: async (spec) => {
      images.push({ ...spec, files: await pathsIn(spec.context) })
      return {
        id: `sha256:${images.length}`,
        sizeBytes: 1,
        ports: [],
        hasCommand: true,
        user: '',
        hasHealthCheck: false,
      }
    },
    sandbox: (spec, onOutput, signal) => {
      sandboxes.push(spec)
      return world.sandbox(spec, onOutput, signal)
    },
  })
  const keys = { ssh: await readFile(host, 'utf8'), token: 'test-token' }
  const lines: string[] = []
  const log = openLog('builder', (line) => lines.push(line))
  const open = (): Promise<Builder> =>
    startBuilder(readConfig(environment), { keys, workshop, log, heartbeatMs: 300 })
  let builder = await open()

  const quiet = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
  const sshCommand = (who: string): string[] => {
    const key = `-i ${join(root, who)} -o IdentitiesOnly=yes -o BatchMode=yes`
    return `ssh -F /dev/null ${key} ${quiet}`.split(' ')
  }
  const sshArgv = (args: readonly string[], who: string): string[] => {
    return [...sshCommand(who), '-p', String(builder.sshPort), 'git@127.0.0.1', ...args]
  }
  const world: World = {
    root,
    state,
    controller,
    alice,
    sandbox: builds(),
    sandboxes,
    images,
    workshop,
    log: lines,
    get builder() {
      return builder
    },
    env: (who = 'alice') => ({ ...gitEnv, GIT_SSH_COMMAND: sshCommand(who).join(' ') }),
    url: (app) => `ssh://git@127.0.0.1:${builder.sshPort}/${app}.git`,
    ssh: (args, who = 'alice') => run(root, sshArgv(args, who)),
    sshArgv: (args) => sshArgv(args, 'alice'),
    startSsh: (args) => start(root, sshArgv(args, 'alice'), gitEnv),
    cancel: async (build, by) => {
      const peer = { url: `http://127.0.0.1:${builder.httpPort}`, token: keys.token, program: '' }
      return (await call(peer, cancelRunning, { params: { build }, body: { by } })).end
    },
    restart: async (more = {}) => {
      Object.assign(environment, more)
      await builder.close()
      builder = await open()
    },
  }
  t.teardown(async () => {
    await builder.close()
    await controller.close()
    await rm(root, { recursive: true, force: true })
  })
  return world
}

async function pathsIn(context: Readable): Promise<string[]> {
  const paths: string[] = []
  for await (const entry of context.pipe(extract())) {
    paths.push(entry.header.name.replace(/\/$/, ''))
    entry.resume()
  }
  return paths
}

const gitEnv = {
  PATH: '/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Alice',
  GIT_AUTHOR_EMAIL: 'alice@example.com',
  GIT_COMMITTER_NAME: 'Alice',
  GIT_COMMITTER_EMAIL: 'alice@example.com',
}

/** Writes what `/buildpacks/build` writes, after `work` did something to the app. */
export function builds(
  work: (app: string, spec: SandboxSpec) => Promise<void> = async () => undefined,
  result: Record<string, unknown> = {},
  code = 0,
): Sandbox {
  return async (spec, onOutput) => {
    onOutput(Buffer.from('-----> Node.js app detected\n'))
    await work(spec.overlay?.upper ?? '', spec)
    const process_types = { web: 'node server.js' }
    const whole = {
      stage: 'release',
      buildpack: 'Node.js',
      pack: 'nodejs',
      process_types,
      needs: [],
    }
    await writeFile(sourceOf(spec, '/out', 'result.json'), JSON.stringify({ ...whole, ...result }))
    return { kind: 'exit', code }
  }
}

/** From now on builds go on until they are aborted; resolves when one was. */
export function hang(world: World): Promise<void> {
  const killed = Promise.withResolvers<void>()
  world.sandbox = (_spec, _onOutput, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        killed.resolve()
        reject(signal.reason as Error)
      })
    })
  return killed.promise
}

/** Pushes to two apps, the second of which waits until the first may go. */
export async function pushTwo(world: World) {
  for (const name of ['one', 'two']) world.controller.addApp(name, world.alice)
  const { promise, resolve: go } = Promise.withResolvers<void>()
  world.sandbox = builds(() => promise)
  const repo = await Repo.make(world)
  const first = repo.push('one', 'main')
  await until(() => world.sandboxes.length === 1)
  const second = repo.push('two', 'main')
  await until(() =>
    (world.controller.builds[1]?.output ?? '').includes('Waiting for 1 other build'),
  )
  return { first, second, go }
}

/** Path on the host of a file in a mount of a sandbox. */
export function sourceOf(spec: SandboxSpec, target: string, name: string): string {
  return join(spec.mounts.find((mount) => mount.target === target)?.source ?? '', name)
}

/** A git repository with an app in it, committed on `main`. */
export class Repo {
  readonly path: string
  readonly #world: World

  constructor(world: World, name = `repo-${Math.random().toString(36).slice(2)}`) {
    this.#world = world
    this.path = join(world.root, name)
  }

  static async make(world: World, files: Record<string, string> = app): Promise<Repo> {
    const repo = new Repo(world)
    await run(world.root, ['git', 'init', '-q', '-b', 'main', repo.path], gitEnv)
    await repo.commit(files)
    return repo
  }

  async commit(files: Record<string, string>, message = 'A change'): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.path, name)), { recursive: true })
      await writeFile(join(this.path, name), content)
    }
    await this.git('add', '-A', '-f')
    await this.git('commit', '-q', '--allow-empty', '-m', message)
    return this.head()
  }

  async head(ref = 'HEAD'): Promise<string> {
    return (await this.git('rev-parse', ref)).text.trim()
  }

  git(...args: string[]): Promise<Ended> {
    return run(this.path, ['git', ...args], this.#world.env())
  }

  push(app: string, ...refs: string[]): Promise<Ended> {
    return run(this.path, ['git', 'push', this.#world.url(app), ...refs], this.#world.env())
  }

  /** A push of its own process group, as a terminal starts it. */
  startPush(app: string, ...refs: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    return this.startPushTo(this.#world.url(app), ...refs)
  }

  startPushTo(url: string, ...refs: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    return start(this.path, ['git', 'push', url, ...refs], this.#world.env())
  }
}

export const app = { 'package.json': '{"name":"hello"}', 'server.js': 'console.log(1)\n' }

/** Refs of the app's repository on the builder. */
export async function refsOf(world: World, name: string): Promise<Record<string, string>> {
  const id = world.controller.apps.get(name)?.app.id ?? ''
  const path = join(world.state, 'builder/repos', `${id}.git`)
  if (!existsSync(path)) return {}
  const { text } = await run(path, ['git', 'for-each-ref', '--format=%(refname) %(objectname)'])
  const lines = text.split('\n').filter((line) => line !== '')
  return Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]))
}

export function run(
  cwd: string,
  argv: readonly string[],
  env: Record<string, string> = gitEnv,
): Promise<Ended> {
  return start(cwd, argv, env).ended
}

function start(cwd: string, argv: readonly string[], env: Record<string, string>): Started {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code: code ?? 128, text }))
  })
  return { child, ended, says: (words) => until(() => text.includes(words)) }
}

async function makeKey(root: string, name: string): Promise<string> {
  const path = join(root, name)
  await new Promise<void>((resolve, reject) => {
    const args = ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]
    execFile('ssh-keygen', args, (error) => (error === null ? resolve() : reject(error)))
  })
  return path
}

async function fingerprintIn(path: string): Promise<string> {
  const [, base64 = ''] = (await readFile(`${path}.pub`, 'utf8')).split(' ')
  return fingerprintOf(Buffer.from(base64, 'base64'))
}

async function makePacks(root: string): Promise<string> {
  const path = join(root, 'buildpacks')
  await mkdir(join(path, 'nodejs'), { recursive: true })
  const files = ['package.json', 'package-lock.json']
  const layer = { files, config: ['NPM_'], paths: ['node_modules'] }
  const description = { name: 'Node.js', order: 10, detect: ['package.json'], layer }
  await writeFile(join(path, 'nodejs/buildpack.json'), JSON.stringify(description))
  return path
}

/** Waits until something is true; fails the test when it does not become so. */
export async function until(what: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await what())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
