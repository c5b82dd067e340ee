import { existsSync } from 'node:fs'
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openPlaces, type Places } from '#builder/places.ts'
import { collect } from '#builder/space/collect.ts'
import { maintain } from '#builder/space/repositories.ts'
import { collectAll } from '#contract/builder.ts'
import { call } from '#contract/call.ts'
import { openMemory } from '#driver/memory/memory.ts'
import { openLog } from '#lib/log.ts'
import { app, builds, openWorld, Repo, run, until } from './fixture.ts'

const signal = AbortSignal.timeout(60_000)
const old = new Date(Date.now() - 2 * 3_600_000)
const log = openLog('test', () => undefined)
const kept = 'a'.repeat(64)
const gone = 'b'.repeat(64)
const young = 'c'.repeat(64)

/** Makes a directory with something in it, last used two hours ago. */
async function make(path: string, files: Record<string, string> = { x: 'x' }): Promise<string> {
  await mkdir(path, { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true })
    await writeFile(join(path, name), content)
  }
  await utimes(path, old, old)
  return path
}

/** One of everything that stays and one of everything that goes. */
async function furnish(places: Places): Promise<void> {
  const used = await make(join(places.layers, 'app1/used'))
  await make(join(places.layers, 'app1/spare'))
  await make(join(places.layers, 'app2/lost'))
  const runtime = join(places.runtimes, 'node')
  for (const version of ['20.1.0', '22.1.0', '24.1.0', '9.9.9']) await make(join(runtime, version))
  const profile = 'export PATH=/runtimes/node/20.1.0/bin:$PATH\n'
  for (const digest of [kept, gone, young]) {
    const home = join(places.slugs, digest)
    const layers = JSON.stringify({ layers: [join(home, 'app'), used] })
    await make(home, { 'slug.json': layers, 'app/.profile.d/node.sh': profile })
    const archive = join(places.archives, `${digest}.tar.gz`)
    await writeFile(archive, 'x')
    if (digest !== young) await utimes(archive, old, old)
  }
  await symlink('/runtimes/node/22.1.0/bin/node', join(places.slugs, kept, 'app/node'))
  await utimes(join(places.slugs, kept), old, old)
  await utimes(join(places.slugs, young), new Date(), new Date())
  for (const name of ['app1', 'app2']) {
    await make(join(places.repos, `${name}.git`))
    await make(join(places.cache, name))
  }
}

const names = { apps: ['app1'], digests: [`sha256:${kept}`] }

t.test('collection removes what nobody names and what is old, and nothing else', async (t) => {
  const places = await openPlaces(t.testdir({}))
  await furnish(places)
  const { workshop } = openMemory()
  const done = await collect({ places, workshop, log }, names, { dryRun: false }, signal)
  t.strictSame((await readdir(places.slugs)).toSorted(), [kept, young])
  t.strictSame((await readdir(places.archives)).toSorted(), [`${kept}.tar.gz`, `${young}.tar.gz`])
  t.strictSame(await readdir(places.repos), ['app1.git'])
  t.strictSame(await readdir(places.cache), ['app1'])
  t.strictSame(await readdir(join(places.layers, 'app1')), ['used'])
  t.strictSame(await readdir(join(places.layers, 'app2')), [])
  const left = await readdir(join(places.runtimes, 'node'))
  t.strictSame(left.toSorted(), ['20.1.0', '22.1.0', '24.1.0'], 'named by a slug, and the newest')
  const counts = Object.fromEntries(done.freed.map(({ kind, count }) => [kind, count]))
  const expected = { slugs: 1, archives: 1, layers: 2, caches: 1, repositories: 1, runtimes: 1 }
  t.strictSame(counts, expected)
})

t.test('a dry run tells the same numbers and removes nothing', async (t) => {
  const places = await openPlaces(t.testdir({}))
  await furnish(places)
  const { workshop } = openMemory()
  const told = await collect({ places, workshop, log }, names, { dryRun: true }, signal)
  t.equal((await readdir(places.slugs)).length, 3)
  const done = await collect({ places, workshop, log }, names, { dryRun: false }, signal)
  t.strictSame({ ...told, free: 0 }, { ...done, dry_run: true, free: 0 })
  t.ok(told.size > 0 && told.free > 0)
  const again = await collect({ places, workshop, log }, names, { dryRun: false }, signal)
  t.strictSame(again.freed, [])
})

t.test('while something is built no runtime goes', async (t) => {
  const places = await openPlaces(t.testdir({}))
  await furnish(places)
  await make(join(places.builds, 'some-build'))
  const { workshop } = openMemory()
  await collect({ places, workshop, log }, names, { dryRun: false }, signal)
  t.equal((await readdir(join(places.runtimes, 'node'))).length, 4)
})

t.test('an image goes when no release names it and it is no longer young', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const files = { Dockerfile: 'FROM base\nCMD ["x"]\n' }
  t.equal((await (await Repo.make(world, files)).push('hello', 'main')).code, 0)
  const places = await openPlaces(world.state)
  const id = world.controller.builds[0]?.result?.slug?.digest ?? ''
  const collecting = { places, workshop: world.workshop, log }
  const tomorrow = { dryRun: false, now: Date.now() + 24 * 3_600_000 }
  const holding = { apps: [], digests: [id] }
  await collect(collecting, { apps: [], digests: [] }, { dryRun: false }, signal)
  t.equal((await world.workshop.images(signal)).length, 1, 'it is young')
  await collect(collecting, holding, tomorrow, signal)
  t.equal((await world.workshop.images(signal)).length, 1, 'a release names it')
  const done = await collect(collecting, { apps: [], digests: [] }, tomorrow, signal)
  t.strictSame(await world.workshop.images(signal), [])
  t.ok(done.freed.some(({ kind, count }) => kind === 'images' && count === 1))
})

t.test('the cache and the spare layers of one app go between its pushes only', async (t) => {
  const world = await openWorld(t)
  const { app: one } = world.controller.addApp('hello', world.alice)
  world.controller.kept = { apps: [one.id], digests: [] }
  const peer = { url: `http://127.0.0.1:${world.builder.httpPort}`, token: 'test-token' }
  const prune = () =>
    call({ ...peer, program: 'builder' }, collectAll, {
      body: { dry_run: false, app: one, by: 'alice@example.com' },
    })
  const go = Promise.withResolvers<void>()
  world.sandbox = builds(() => go.promise)
  const pushed = (await Repo.make(world)).push('hello', 'main')
  await until(() => world.sandboxes.length === 1)
  await t.rejects(prune(), { code: 'BUILD_RUNNING' })
  go.resolve()
  t.equal((await pushed).code, 0)
  const spare = await make(join(world.state, 'builder/layers', one.id, 'spare'))
  const done = await prune()
  t.notOk(existsSync(spare))
  t.notOk(existsSync(join(world.state, 'builder/cache', one.id)))
  t.strictSame(done.freed.map(({ kind }) => kind).toSorted(), ['caches', 'layers'])
  const stranger = call({ ...peer, token: 'guess', program: 'builder' }, collectAll, {
    body: { dry_run: false, by: 'x' },
  })
  await t.rejects(stranger)
})

t.test('repositories are packed behind the pushes, and pushes go on', async (t) => {
  const world = await openWorld(t)
  const { app: one } = world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  await repo.push('hello', 'main')
  const places = await openPlaces(world.state)
  const path = join(places.repos, `${one.id}.git`)
  // Git guesses from how many objects begin with 17.
  await mkdir(join(path, 'objects/17'), { recursive: true })
  for (let n = 0; n < 12; n += 1) {
    const name = n.toString(16).padStart(38, '0')
    await writeFile(join(path, 'objects/17', name), '')
  }
  const packs = async (): Promise<string[]> => readdir(join(path, 'objects/pack'))
  t.strictSame(await packs(), [])
  await maintain(places, log, signal)
  t.ok((await packs()).some((name) => name.endsWith('.pack')))
  await repo.commit({ ...app, b: 'b' })
  t.equal((await repo.push('hello', 'main')).code, 0)
  t.equal(
    (await run(world.root, ['git', 'clone', '-q', world.url('hello'), 'c'], world.env())).code,
    0,
  )
})
