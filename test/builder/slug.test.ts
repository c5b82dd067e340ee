import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import t from 'tap'
import { app, builds, openWorld, Repo, sourceOf, until, type World } from './fixture.ts'

/** Installs a dependency as `npm ci` would, unless it is there. */
const installs = builds(
  async (directory, spec) => {
    if (spec.env['SLIPWAY_LAYER'] === 'hit') return
    await mkdir(join(directory, 'node_modules/left-pad'), { recursive: true })
    await writeFile(join(directory, 'node_modules/left-pad/index.js'), 'exports.pad = 1\n')
  },
  { layer: true },
)

function layersOf(world: World, build: number): string[] {
  const artifact = world.controller.builds[build]?.result?.slug?.artifact
  return artifact?.kind === 'tree' ? artifact.layers : []
}

t.test('dependencies become a layer that the next build begins with', async (t) => {
  const world = await openWorld(t)
  world.sandbox = installs
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  t.equal((await repo.push('hello', 'main')).code, 0)
  const [top = '', layer = ''] = layersOf(world, 0)
  t.strictSame(await readdir(layer), ['node_modules'])
  t.strictSame((await readdir(top)).toSorted(), ['package.json', 'server.js'])

  await repo.commit({ 'server.js': 'console.log(2)\n' })
  t.equal((await repo.push('hello', 'main')).code, 0)
  t.strictSame(world.sandboxes[1]?.overlay?.lower, [layer])
  t.equal(world.sandboxes[1]?.env['SLIPWAY_LAYER'], 'hit')
  t.equal(layersOf(world, 1)[1], layer)

  await repo.commit({ 'package.json': '{"name":"hello","version":"2"}' })
  t.equal((await repo.push('hello', 'main')).code, 0)
  t.strictSame(world.sandboxes[2]?.overlay?.lower, [], 'other dependencies, another layer')
  t.strictSame(await readdir(join(world.state, 'builder/builds')), [], 'nothing is left over')
})

t.test('only config that dependencies may depend on makes them anew', async (t) => {
  const world = await openWorld(t)
  world.sandbox = installs
  const { config } = world.controller.addApp('hello', world.alice, { GREETING: 'good morning' })
  const repo = await Repo.make(world)
  const layerWith = async (vars: Record<string, string>): Promise<string | undefined> => {
    Object.assign(config, vars)
    await repo.commit({ 'server.js': `console.log(${JSON.stringify(vars)})\n` })
    t.equal((await repo.push('hello', 'main')).code, 0)
    return layersOf(world, world.controller.builds.length - 1)[1]
  }
  const first = await layerWith({})
  t.equal(await layerWith({ GREETING: 'good night' }), first)
  t.not(await layerWith({ NPM_CONFIG_REGISTRY: 'https://npm.example.com' }), first)
})

t.test('a runtime a build lacks is fetched, kept, and the build run again', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.sandbox = async (spec, onOutput, signal) => {
    if (spec.argv[0] === '/buildpacks/nodejs/bin/runtime') {
      t.strictSame(spec.argv.slice(1), ['node', '24.x', '/out'])
      t.notOk(
        spec.mounts.some(({ target }) => target === '/app'),
        'it sees nothing of the app',
      )
      t.strictSame(spec.secrets, {})
      await writeFile(sourceOf(spec, '/out', 'node'), '')
      onOutput(Buffer.from('fetched\nversion=24.21.0\n'))
      return { kind: 'exit', code: 0 }
    }
    if (existsSync(sourceOf(spec, '/runtimes', 'node/24.21.0/node')))
      return builds()(spec, onOutput, signal)
    await writeFile(sourceOf(spec, '/out', 'needs'), 'node 24.x\n')
    return builds(undefined, { stage: 'compile' }, 75)(spec, onOutput, signal)
  }
  const { code, text } = await (await Repo.make(world)).push('hello', 'main')
  t.equal(code, 0, text)
  t.equal(world.sandboxes.length, 3)
})

t.test('what a build writes about itself is not followed out of the sandbox', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.sandbox = async (spec) => {
    await symlink('/etc/passwd', sourceOf(spec, '/out', 'result.json'))
    return { kind: 'exit', code: 1 }
  }
  const { text } = await (await Repo.make(world)).push('hello', 'main')
  t.match(text, 'error: the build failed: compile ended with exit code 1')
})

t.test('memory and time that run out are told with the limit', async (t) => {
  const world = await openWorld(t, { SLIPWAY_BUILD_MEMORY: '512M' })
  world.controller.addApp('hello', world.alice)
  world.sandbox = async () => ({ kind: 'out-of-memory' })
  const repo = await Repo.make(world)
  t.match(
    (await repo.push('hello', 'main')).text,
    'error: the build needed more than 536.9 MB of memory',
  )
  world.sandbox = async () => ({ kind: 'timeout' })
  t.match((await repo.push('hello', 'main')).text, 'error: the build took longer than 15 min')
})

t.test('a slug over the limit is refused with numbers', async (t) => {
  const world = await openWorld(t, { SLIPWAY_SLUG_LIMIT: '1K' })
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, { ...app, data: 'x'.repeat(2000) })
  const { text } = await repo.push('hello', 'main')
  t.match(text, 'error: the slug is 2.0 kB, at most 1.0 kB are allowed')
  t.match(world.controller.builds[0]?.result, { status: 'failed', stage: 'slug' })
})

t.test(
  'an app with a Dockerfile becomes an image; without a Procfile it runs its own command',
  async (t) => {
    const world = await openWorld(t)
    world.controller.addApp('hello', world.alice)
    const files = { Dockerfile: 'FROM base\nCMD ["x"]\n', '.dockerignore': 'docs\n', 'docs/a': 'b' }
    const { code, text } = await (await Repo.make(world, files)).push('hello', 'main')
    t.equal(code, 0, text)
    const slug = world.controller.builds[0]?.result?.slug
    t.match(slug, {
      artifact: { kind: 'image' },
      buildpack: 'Dockerfile',
      process_types: { web: '' },
    })
    t.equal(slug?.digest, slug?.artifact.kind === 'image' ? slug.artifact.image : '')
  },
)

t.test(
  'an archive of app and layer is made afterwards and served to our programs only',
  async (t) => {
    const world = await openWorld(t)
    world.sandbox = installs
    world.controller.addApp('hello', world.alice)
    await (await Repo.make(world)).push('hello', 'main')
    const digest = world.controller.builds[0]?.result?.slug?.digest.replace('sha256:', '') ?? ''
    const archive = join(world.state, 'builder/archives', `${digest}.tar.gz`)
    await until(() => existsSync(archive))
    const url = `http://127.0.0.1:${world.builder.httpPort}/slugs/${digest}.tar.gz`
    t.equal((await fetch(url)).status, 401)
    const headers = { authorization: 'Bearer test-token' }
    t.equal((await fetch(url.replace(digest, '0'.repeat(64)), { headers })).status, 404)
    t.equal((await fetch(url.replace(`${digest}`, '..%2F..%2Fx'), { headers })).status, 404)
    const response = await fetch(url, { headers })
    const names: string[] = []
    const entries = extract()
    Readable.fromWeb(response.body as never)
      .pipe(createGunzip())
      .pipe(entries as never)
    for await (const entry of entries) {
      names.push(entry.header.name)
      entry.resume()
    }
    t.strictSame(names.map((name) => name.replace(/\/$/, '')).toSorted(), [
      'node_modules',
      'node_modules/left-pad',
      'node_modules/left-pad/index.js',
      'package.json',
      'server.js',
    ])
  },
)

t.test(
  'builds that a killed builder left are cancelled and cleared at the next start',
  async (t) => {
    const world = await openWorld(t)
    world.controller.builds.push({
      id: '00000000-0000-4000-8000-0000000000ff',
      branch: 'main',
      commit: '',
      description: '',
      output: '',
      result: null,
    })
    const [build] = world.controller.builds
    const left = join(world.state, 'builder/builds', build?.id ?? '')
    await mkdir(join(left, 'app'), { recursive: true })
    await world.restart()
    await until(() => build?.result !== null)
    t.match(build?.result, { status: 'cancelled' })
    await until(() => !existsSync(left))
  },
)

t.test('log lines hold no secret and are JSON', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice, { KEY: 'hunter2-hunter2' })
  world.sandbox = async () => {
    throw new Error('a bug of ours')
  }
  const { text } = await (await Repo.make(world)).push('hello', 'main')
  t.match(text, 'error: Something went wrong on our side.')
  const lines = world.log.map((line) => JSON.parse(line) as { event: string; id: string })
  const bug = lines.find(({ event }) => event === 'push.failed')
  t.match(text, bug?.id)
  t.notMatch(world.log.join('\n'), 'hunter2')
})

t.test('what was committed is what is built: attributes convert nothing', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  let built = ''
  world.sandbox = builds(async (directory) => {
    built = await readFile(join(directory, 'a.txt'), 'utf8')
  })
  const files = { ...app, 'a.txt': '$Id$\none\n', '.gitattributes': '*.txt ident eol=crlf\n' }
  await (await Repo.make(world, files)).push('hello', 'main')
  t.equal(built, '$Id$\none\n')
})
