import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { gatewayOf } from '#driver/docker/subnet.ts'
import { canConnect } from '#test/driver/network.ts'
import { openWorld, Repo, run, until } from './fixture.ts'
import { servePacks } from './pack-server.ts'
import { startReal } from './real.ts'

const own = { instance: 'buildertest', subnet: '10.217.254.64/26' }

/** Memory of its own; what it shares with the other programs (Node itself) is counted once per host. */
function ownMiB(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
}

t.test('apps are built in the sandbox of the real engine', async (t) => {
  const world = await openWorld(t)
  const folder = t.testdir({})
  // Where the router would be is the one place of this host that builds reach.
  const router = await servePacks(t, folder, '0.0.0.0')
  const settings = {
    ...own,
    SLIPWAY_HTTP_PORT: String(router.port),
    SLIPWAY_BUILDPACK_SCHEMES: 'https,http',
  }
  let real = await startReal(t, world, settings)
  t.ok(ownMiB(real.child) < 80, `${ownMiB(real.child)} MiB when idle`)
  const push = async (repo: Repo, app: string) => {
    const url = `ssh://git@127.0.0.1:${real.sshPort}/${app}.git`
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

  await t.test('a submodule is fetched from where builds are, not from the host', async (t) => {
    world.controller.addApp('nosy', world.alice)
    const lib = await Repo.make(world, { 'a.txt': 'of a submodule\n' })
    const bare = join(folder, 'lib.git')
    await run(world.root, ['git', 'clone', '-q', '--bare', lib.path, bare])
    await run(bare, ['git', 'update-server-info'])
    const Dockerfile = 'FROM slipway-12:run\nCOPY lib /x\nRUN cat /x/a.txt\n'
    const repo = await Repo.make(world, { Dockerfile: `${Dockerfile}CMD ["cat", "/x/a.txt"]\n` })
    const pushWith = async (port: number) => {
      const url = `http://${gatewayOf(settings.subnet)}:${port}/lib.git`
      await repo.commit({ '.gitmodules': `[submodule "lib"]\n\tpath = lib\n\turl = ${url}\n` })
      await repo.git('update-index', '--add', '--cacheinfo', `160000,${await lib.head()},lib`)
      await repo.git('commit', '-q', '-m', 'A submodule')
      return push(repo, 'nosy')
    }
    const stranger = await servePacks(t, folder, '0.0.0.0')
    t.ok(await canConnect(gatewayOf(settings.subnet), stranger.port), 'the host itself reaches it')
    const { text } = await pushWith(stranger.port)
    t.match(text, /error: the submodule lib cannot be fetched from .*: it does not answer/)
    t.strictSame(stranger.asked, [])
    const open = await pushWith(router.port)
    t.equal(open.code, 0, open.text)
    t.match(open.text, /lib [0-9a-f]{7} from 10\..*of a submodule/s)
  })

  await t.test('kill -9 in the middle of a build moves nothing and is cleared up', async (t) => {
    const { app: dead } = world.controller.addApp('dead', world.alice)
    const Dockerfile = 'FROM slipway-12:run\nRUN echo begun && sleep 20\n'
    const pushed = push(await Repo.make(world, { Dockerfile }), 'dead')
    await until(() => (world.controller.builds.at(-1)?.output ?? '').includes('RUN echo'), 20_000)
    real.child.kill('SIGKILL')
    t.not((await pushed).code, 0)
    real = await startReal(t, world, settings)
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
