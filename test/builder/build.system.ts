import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openDocker } from '#driver/docker/docker.ts'
import { openLog } from '#lib/log.ts'
import { openWorld, Repo, until, type World } from './fixture.ts'

const bundle = '/etc/ssl/certs/ca-certificates.crt'
const instance = 'buildertest'

/** The builder as its own process, with the real engine and our own buildpacks. */
async function spawnBuilder(world: World): Promise<{ child: ChildProcess; port: number }> {
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
    SLIPWAY_BUILD_SUBNET: '10.217.254.64/26',
    ...(existsSync(bundle) ? { SLIPWAY_CA_BUNDLE: bundle } : {}),
  }
  const main = join(import.meta.dirname, '../../builder/main.ts')
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'inherit', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk) => (log += chunk))
  await until(() => log.includes('"event":"started"') || child.exitCode !== null, 20_000).catch(
    () => child.kill('SIGKILL'),
  )
  return { child, port: Number(/"ssh":(\d+)/.exec(log)?.[1]) }
}

/** Memory of its own; what it shares with the other programs (Node itself) is counted once per host. */
function ownMiB(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
}

t.test('apps are built in the sandbox of the real engine', async (t) => {
  const world = await openWorld(t)
  let { child, port } = await spawnBuilder(world)
  t.teardown(async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined
    child.kill('SIGTERM')
    await ended
    const runDir = join(world.root, 'real/run')
    const runtimesDir = join(world.root, 'real/builder/runtimes')
    const log = openLog('test', () => undefined)
    const docker = await openDocker({ instance, runDir, runtimesDir, routerPort: 8080, log })
    await docker.uninstall(AbortSignal.timeout(60_000))
  })
  t.ok(ownMiB(child) < 80, `${ownMiB(child)} MiB when idle`)
  const push = async (repo: Repo, app: string) => {
    const url = `ssh://git@127.0.0.1:${port}/${app}.git`
    const began = Date.now()
    const ended = await repo.git('push', url, 'main')
    t.comment(`${Date.now() - began} ms\n${ended.text}`)
    return ended
  }

  await t.test('Node.js with a dependency, twice', async (t) => {
    world.controller.addApp('hello', world.alice, { GREETING: 'hello-from-config' })
    const files = {
      'package.json': JSON.stringify({
        name: 'hello',
        version: '1.0.0',
        scripts: { start: 'node server.js' },
        dependencies: { 'left-pad': '1.3.0' },
      }),
      'server.js': 'console.log(require("left-pad")("x", 3))\n',
    }
    const repo = await Repo.make(world, files)
    t.equal((await push(repo, 'hello')).code, 0)
    const layers = world.controller.builds.at(-1)?.result?.slug?.artifact
    t.equal(layers?.kind === 'tree' ? layers.layers.length : 0, 2)
    await repo.commit({ 'server.js': 'console.log(2)\n' })
    t.equal((await push(repo, 'hello')).code, 0)
    await repo.commit({}, 'Nothing')
    t.equal((await push(repo, 'hello')).code, 0)
    const [version = ''] = await readdir(join(world.root, 'real/builder/runtimes/node'))
    t.match(version, /^\d+\.\d+\.\d+$/)
  })

  await t.test('a Dockerfile', async (t) => {
    world.controller.addApp('boat', world.alice)
    const Dockerfile = 'FROM slipway-12:run\nCOPY x /x\nCMD ["cat", "/x"]\n'
    const repo = await Repo.make(world, { Dockerfile, x: 'y\n' })
    t.equal((await push(repo, 'boat')).code, 0)
    t.match(world.controller.builds.at(-1)?.result?.slug, { artifact: { kind: 'image' } })
    await repo.commit({ Dockerfile: 'FROM slipway-12:run\nRUN false\n' })
    t.match(
      (await push(repo, 'boat')).text,
      'error: Dockerfile line 2: RUN false ended with exit code 1',
    )
  })

  await t.test('nothing we know', async (t) => {
    world.controller.addApp('void', world.alice)
    const { text } = await push(await Repo.make(world, { a: 'b' }), 'void')
    t.match(text, 'error: no app was found in this repository')
  })

  await t.test('kill -9 in the middle of a build moves nothing and is cleared up', async (t) => {
    const { app: dead } = world.controller.addApp('dead', world.alice)
    const Dockerfile = 'FROM slipway-12:run\nRUN echo begun && sleep 20\n'
    const pushed = push(await Repo.make(world, { Dockerfile }), 'dead')
    await until(() => (world.controller.builds.at(-1)?.output ?? '').includes('RUN echo'), 20_000)
    child.kill('SIGKILL')
    t.not((await pushed).code, 0)
    ;({ child, port } = await spawnBuilder(world))
    const build = world.controller.builds.at(-1)
    await until(() => build?.result !== null)
    t.match(build?.result, { status: 'cancelled' })
    t.strictSame(
      await readdir(join(world.root, `real/builder/repos/${dead.id}.git/refs/heads`)),
      [],
    )
  })
  // The last one goes just after the controller has heard of its end.
  await until(async () => (await readdir(join(world.root, 'real/builder/builds'))).length === 0)
})
