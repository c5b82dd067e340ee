import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { addressOf, parseModules } from '#builder/build/gitmodules.ts'
import { openPlaces } from '#builder/places.ts'
import { listSlug } from '#builder/slug/listing.ts'
import { collect } from '#builder/space/collect.ts'
import { followVerification, verifyAgain } from '#contract/builder.ts'
import { call } from '#contract/call.ts'
import { openMemory } from '#driver/memory/memory.ts'
import { openLog } from '#lib/log.ts'
import { app, Repo, run, type Ended } from './fixture.ts'
import { Forge } from './forge.ts'
import { openFetching, type Stage } from './pack-server.ts'

const signal = AbortSignal.timeout(120_000)

async function openStage(t: Test, settings: Record<string, string> = {}): Promise<Stage> {
  const stage = await openFetching(t, settings)
  stage.world.controller.addApp('hello', stage.world.alice)
  return stage
}

/** Lets a plain web server serve what a repository has now. */
async function publish({ world, folder }: Stage, name: string, repo: Repo): Promise<void> {
  const bare = join(folder, name)
  if (!existsSync(bare)) {
    await mkdir(dirname(bare), { recursive: true })
    await run(world.root, ['git', 'clone', '-q', '--bare', repo.path, bare])
  }
  await repo.git('push', '-q', bare, 'main')
  await run(bare, ['git', 'repack', '-q', '-a', '-d'])
  await run(bare, ['git', 'update-server-info'])
}

/** A repository that is served as `name`. */
async function serveRepo(
  stage: Stage,
  name: string,
  files: Record<string, string>,
): Promise<{ repo: Repo; head: string }> {
  const repo = await Repo.make(stage.world, files)
  await publish(stage, name, repo)
  return { repo, head: await repo.head() }
}

interface Entry {
  readonly path: string
  readonly url: string
  readonly commit: string
}

/** Commits submodules without having them, as `git submodule add` would. */
async function addSubmodules(repo: Repo, ...entries: readonly Entry[]): Promise<void> {
  const sections = entries.map(({ path, url }, n) => {
    return `[submodule "s${n}"]\n\tpath = ${path}\n\turl = ${url}\n`
  })
  await repo.commit({ '.gitmodules': sections.join('') })
  for (const { path, commit } of entries) {
    await repo.git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`)
    await mkdir(join(repo.path, path), { recursive: true })
  }
  await repo.git('commit', '-q', '-m', 'Submodules')
}

const push = (repo: Repo): Promise<Ended> => repo.push('hello', '+HEAD:refs/heads/main')

/** Of the newest slug. */
function layersOf({ world }: Stage): readonly string[] {
  const artifact = world.controller.builds.at(-1)?.result?.slug?.artifact
  return artifact?.kind === 'tree' ? artifact.layers : []
}

/** Content of a file of the newest slug; null when it is not there. */
async function built(stage: Stage, path: string): Promise<string | null> {
  for (const layer of layersOf(stage)) {
    const found = await readFile(join(layer, path), 'utf8').catch(() => null)
    if (found !== null) return found
  }
  return null
}

const fetches = ({ world }: Stage): string[] =>
  world.sandboxes
    .filter(({ name }) => name.startsWith('slw-submodule-'))
    .map(({ argv }) => argv[2] ?? '')

t.test('submodules are fetched at their commits, with their own, and kept', async (t) => {
  const stage = await openStage(t)
  const { world, server } = stage
  const inner = await serveRepo(stage, 'org/inner.git', { 'deep.txt': 'deep\n' })
  const lib = await Repo.make(world, { 'lib.js': 'one\n' })
  await addSubmodules(lib, { path: 'third/inner', url: '../inner.git', commit: inner.head })
  const pinned = await lib.head()
  await lib.commit({ 'lib.js': 'two\n' })
  await publish(stage, 'org/lib.git', lib)
  const repo = await Repo.make(world, app)
  const url = `${server.url}/org/lib.git`
  await addSubmodules(repo, { path: 'vendor/lib', url, commit: pinned })

  const first = await push(repo)
  t.equal(first.code, 0, first.text)
  t.match(first.text, `vendor/lib ${pinned.slice(0, 7)} from ${server.url.slice(7)}/org/lib`)
  t.equal(await built(stage, 'vendor/lib/lib.js'), 'one\n', 'as pinned, not the newest')
  t.equal(await built(stage, 'vendor/lib/third/inner/deep.txt'), 'deep\n')
  t.strictSame(fetches(stage), [url, `${server.url}/org/inner.git`])
  const spec = world.sandboxes.find(({ name }) => name.startsWith('slw-submodule-'))
  t.match(spec, { secrets: {}, overlay: null }, 'the fetch knows nothing of the app')
  t.notOk(spec?.mounts.some(({ writable }) => writable))

  await repo.commit({}, 'Nothing')
  t.match((await push(repo)).text, 'Nothing changed since it was built last')

  await server.close()
  await repo.git('rm', '-q', '--cached', 'server.js')
  await repo.git('commit', '-q', '-m', 'Less')
  const alone = await push(repo)
  t.equal(alone.code, 0, `what is there is not asked for: ${alone.text}`)
  t.match(alone.text, `vendor/lib ${pinned.slice(0, 7)} (fetched before)`)
  t.equal(await built(stage, 'vendor/lib/third/inner/deep.txt'), 'deep\n')
  t.equal(fetches(stage).length, 2)

  const { repos } = await openPlaces(world.state)
  await repo.commit({ 'server.js': 'more\n' })
  const [id = ''] = await readdir(repos)
  for (const age of ['2.days.ago', 'now']) {
    const gc = ['git', '-c', `gc.pruneExpire=${age}`, 'gc', '--quiet']
    t.strictSame(await run(join(repos, id), gc), { code: 0, text: '' }, `git can pack it: ${age}`)
  }
  t.equal((await push(repo)).code, 0)
})

t.test('of an app that is a directory only its own submodules are fetched', async (t) => {
  const stage = await openStage(t)
  const { world, server } = stage
  const lib = await serveRepo(stage, 'lib.git', { 'lib.js': 'lib\n' })
  const repo = await Repo.make(world, { 'apps/web/package.json': '{}', 'a.txt': 'a' })
  await addSubmodules(
    repo,
    { path: 'apps/web/lib', url: `${server.url}/lib.git`, commit: lib.head },
    { path: 'other', url: 'https://nobody.invalid/x.git', commit: '1'.repeat(40) },
  )
  const checkout = world.controller.apps.get('hello')
  Object.assign(checkout ?? {}, { build: { buildpacks: [], root: 'apps/web', dockerfile: null } })
  const { code, text } = await push(repo)
  t.equal(code, 0, text)
  t.equal(await built(stage, 'lib/lib.js'), 'lib\n')
  t.equal(fetches(stage).length, 1)
})

t.test(
  'a submodule that was left out is built once it is not, though the app is the same',
  async (t) => {
    const stage = await openStage(t)
    const { world, server } = stage
    const lib = await serveRepo(stage, 'lib.git', { 'lib.js': 'lib\n' })
    const repo = await Repo.make(world, { 'apps/web/package.json': '{}' })
    await addSubmodules(repo, {
      path: 'apps/web/lib',
      url: `${server.url}/lib.git`,
      commit: lib.head,
    })
    const checkout = world.controller.apps.get('hello')
    Object.assign(checkout ?? {}, { build: { buildpacks: [], root: 'apps/web', dockerfile: null } })
    const modules = join(repo.path, '.gitmodules')
    const text = await readFile(modules, 'utf8')
    await writeFile(modules, `${text}\tupdate = none\n`)
    await repo.git('commit', '-q', '-a', '-m', 'None')
    await push(repo)
    await writeFile(modules, text)
    await repo.git('commit', '-q', '-a', '-m', 'Again')
    await push(repo)
    t.equal(await built(stage, 'lib/lib.js'), 'lib\n')
  },
)

t.test('a Dockerfile is built with submodules', async (t) => {
  const stage = await openStage(t)
  const { world, server } = stage
  const lib = await serveRepo(stage, 'lib.git', { 'lib.js': 'lib\n' })
  const repo = await Repo.make(world, { Dockerfile: 'FROM scratch\nCOPY . /\nCMD ["/a"]\n' })
  const url = `${server.url}/lib.git`
  await addSubmodules(repo, { path: 'vendor/lib', url, commit: lib.head })
  const { code, text } = await push(repo)
  t.equal(code, 0, text)
  t.ok(world.images.at(-1)?.files.includes('vendor/lib/lib.js'))
})

t.test('a build with submodules can be verified, without asking for them again', async (t) => {
  const stage = await openStage(t)
  const { world, server } = stage
  const lib = await serveRepo(stage, 'lib.git', { 'lib.js': 'lib\n' })
  const repo = await Repo.make(world, app)
  const url = `${server.url}/lib.git`
  await addSubmodules(repo, { path: 'vendor/lib', url, commit: lib.head })
  t.equal((await push(repo)).code, 0)
  const { commit, result } = world.controller.builds.at(-1) ?? {}
  const slug = result?.slug
  const checkout = world.controller.apps.get('hello')
  if (commit === undefined || slug === undefined || checkout === undefined)
    throw new Error('no build')
  const { owner: _, ...asked } = checkout
  const peer = {
    url: `http://127.0.0.1:${world.builder.httpPort}`,
    token: 'test-token',
    program: '',
  }
  const order = { checkout: asked, user: world.alice.id, commit, slug, inputs: slug.inputs ?? null }
  const { id } = await call(peer, verifyAgain, { body: order })
  const params = { app: asked.app.id, id }
  const { result: verified } = await call(peer, followVerification, { params })
  t.match(verified, { identical: true, changed_inputs: [] })
  t.equal(verified?.paths, (await listSlug(layersOf(stage), signal)).size)
  t.equal(fetches(stage).length, 1)
})

t.test('.slugignore leaves out submodules unfetched, and files of others', async (t) => {
  const stage = await openStage(t)
  const { world, server } = stage
  const lib = await serveRepo(stage, 'lib.git', { 'lib.js': 'lib\n', 'docs/a.md': 'a' })
  const repo = await Repo.make(world, { ...app, '.slugignore': 'examples\nlib/docs\n' })
  await addSubmodules(
    repo,
    { path: 'lib', url: `${server.url}/lib.git`, commit: lib.head },
    { path: 'examples', url: 'https://nobody.invalid/x.git', commit: '1'.repeat(40) },
  )
  const { code, text } = await push(repo)
  t.equal(code, 0, text)
  t.equal(await built(stage, 'lib/lib.js'), 'lib\n')
  t.equal(await built(stage, 'lib/docs/a.md'), null)
})

t.test('a submodule that git leaves out is left out', async (t) => {
  const stage = await openStage(t)
  const repo = await Repo.make(stage.world, app)
  await addSubmodules(repo, { path: 'data', url: 'https://x.invalid/y', commit: '1'.repeat(40) })
  const text = await readFile(join(repo.path, '.gitmodules'), 'utf8')
  await writeFile(join(repo.path, '.gitmodules'), `${text}\tupdate = none\n`)
  await repo.git('commit', '-q', '-a', '-m', 'None')
  const pushed = await push(repo)
  t.equal(pushed.code, 0, pushed.text)
  t.equal(fetches(stage).length, 0)
})

t.test('a large tree with a submodule that moves on stands on its ground', async (t) => {
  if (process.getuid?.() !== 0) return t.comment('needs root')
  const stage = await openStage(t)
  const { world, server } = stage
  const { repo: lib, head } = await serveRepo(stage, 'lib.git', { 'lib.js': 'one\n', 'old.js': '' })
  const many = Object.fromEntries(
    Array.from({ length: 2300 }, (_, n) => [`d${n % 30}/${n}.txt`, `file ${n}\n`]),
  )
  const repo = await Repo.make(world, { ...app, ...many })
  const url = `${server.url}/lib.git`
  await addSubmodules(repo, { path: 'd1/lib', url, commit: head })
  const first = await push(repo)
  t.equal(first.code, 0, first.text)
  const below = layersOf(stage).at(-1)
  t.match(below, '/tree-')
  await rm(join(lib.path, 'old.js'))
  const next = await lib.commit({ 'lib.js': 'two\n' })
  await publish(stage, 'lib.git', lib)
  await repo.git('update-index', '--cacheinfo', `160000,${next},d1/lib`)
  await repo.git('commit', '-q', '-m', 'Next')
  const second = await push(repo)
  t.equal(second.code, 0, second.text)
  t.equal(layersOf(stage).at(-1), below, 'both stand on the same files')
  t.equal(await built(stage, 'd1/lib/lib.js'), 'two\n')
})

t.test('one that cannot be had is named, with what to do', async (t) => {
  const stage = await openStage(t)
  const { world, server, folder } = stage
  const lib = await serveRepo(stage, 'lib.git', { a: 'a' })
  const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`
  const large = await serveRepo(stage, 'large.git', {
    '.gitattributes': '*.psd filter=lfs\n',
    'a.psd': lfs,
  })
  const forge = new Forge(lib.repo.path)
  const out = forge.blob('../../../etc/passwd')
  const climbs = forge.commit(forge.tree({ mode: '120000', name: 'up', id: out }))
  const dotGit = forge.tree({ mode: '100644', name: 'config', id: forge.blob('[core]\n') })
  const hides = forge.commit(forge.tree({ mode: '40000', name: '.git', id: dotGit }))
  await lib.repo.git('push', '-q', join(folder, 'lib.git'), `${climbs}:refs/heads/climbs`)
  await lib.repo.git('push', '-q', join(folder, 'lib.git'), `${hides}:refs/heads/hides`)
  await publish(stage, 'lib.git', lib.repo)
  const known = `${server.url}/lib.git`
  const wrong: readonly (readonly [url: string, commit: string, says: RegExp])[] = [
    ['git@example.org:a/b.git', lib.head, /has an address that is not https\s.*hint: Only public/s],
    ['ssh://git@example.org/a.git', lib.head, /is not https/],
    ['git://example.org/a.git', lib.head, /is not https/],
    [`file://${folder}/lib.git`, lib.head, /is not https/],
    [`${folder}/lib.git`, lib.head, /is not https/],
    ['../lib.git', lib.head, /has an address relative to this one/],
    ['https://ada:hunter2@example.org/a.git', lib.head, /with a user, a password or a query/],
    [
      `${server.url}/none.git`,
      lib.head,
      /the submodule vendor\/lib cannot be fetched from 127.+none: /,
    ],
    [known, '2'.repeat(40), /it has no commit 22222.*hint: Push that commit/s],
    [known, climbs, /in the submodule vendor\/lib: the symbolic link up leads out of the app/],
    [known, hides, /cannot be fetched from .*: git does not take it: .*hasDotgit/],
    [`${server.url}/large.git`, large.head, /vendor\/lib\/a\.psd is a Git LFS pointer/],
  ]
  for (const [url, commit, says] of wrong) {
    const repo = await Repo.make(world, app)
    await addSubmodules(repo, { path: 'vendor/lib', url, commit })
    const { code, text } = await push(repo)
    t.not(code, 0, url)
    t.match(text, says, url)
    t.match(text, /hint: /)
    t.notMatch(text, 'hunter2')
  }
  const nameless = await Repo.make(world)
  await nameless.git('update-index', '--add', '--cacheinfo', `160000,${lib.head},vendor/lib`)
  await nameless.git('commit', '-q', '-m', 'Nameless')
  t.match((await push(nameless)).text, 'error: vendor/lib is a submodule that .gitmodules does not')
  const home = join(world.state, 'builder/submodules')
  const kept = await Promise.all((await readdir(home)).map((id) => readdir(join(home, id))))
  t.strictSame(kept.flat().toSorted(), [climbs, large.head].toSorted(), 'only whole ones are kept')
})

t.test('a sandbox that lies about what it fetched is not believed', async (t) => {
  const stage = await openStage(t)
  const { world } = stage
  const lib = await Repo.make(world, { a: 'a' })
  const other = await lib.head()
  const repo = await Repo.make(world, app)
  const say = async (pack: Buffer, commit: string): Promise<string> => {
    world.sandbox = async (_, onOutput) => {
      onOutput(Buffer.concat([Buffer.from(`id=${commit}\n\n`), pack]))
      return { kind: 'exit', code: 0 }
    }
    await addSubmodules(repo, { path: 'lib', url: 'https://example.org/a.git', commit })
    return (await push(repo)).text
  }
  const packed = join(world.root, 'objects')
  await lib.git('pack-objects', '--all', '-q', packed)
  const name = (await readdir(world.root)).find((file) => /^objects-.*\.pack$/.test(file)) ?? ''
  const pack = await readFile(join(world.root, name))
  t.match(await say(pack, '3'.repeat(40)), /the submodule lib cannot be fetched from example.org/)
  t.match(await say(pack.subarray(0, -30), other), /git does not take it/)
  t.match(await say(Buffer.from('noise'), other), /git does not take it/)
  t.match(await say(Buffer.alloc(0), other), /git does not take it/)
})

t.test('submodules nested without end, or large together, are refused', async (t) => {
  const stage = await openStage(t, { SLIPWAY_TREE_LIMIT: '5000' })
  const { world, server } = stage
  let { head } = await serveRepo(stage, 'chain0.git', { a: 'a' })
  for (let n = 1; n <= 11; n += 1) {
    const repo = await Repo.make(world, { a: `${n}` })
    await addSubmodules(repo, { path: 'd', url: `../chain${n - 1}.git`, commit: head })
    await publish(stage, `chain${n}.git`, repo)
    head = await repo.head()
  }
  const deep = await Repo.make(world, app)
  await addSubmodules(deep, { path: 'd', url: `${server.url}/chain11.git`, commit: head })
  t.match((await push(deep)).text, /error: submodules are nested deeper than 10: d\/d\//)

  const big = await serveRepo(stage, 'big.git', { big: 'x'.repeat(3000) })
  const url = `${server.url}/big.git`
  const both = await Repo.make(world, app)
  const entries = ['a', 'b'].map((path) => ({ path, url, commit: big.head }))
  await addSubmodules(both, ...entries)
  t.match((await push(both)).text, "error: the commit's files are larger than 5.0 kB")
})

t.test(
  'a submodule unused for a month is collected, one of an app that is gone sooner',
  async (t) => {
    const places = await openPlaces(t.testdir({}))
    const day = 24 * 3_600_000
    const make = async (name: string, ageMs: number): Promise<void> => {
      const path = join(places.submodules, name)
      await mkdir(path, { recursive: true })
      const then = new Date(Date.now() - ageMs)
      await utimes(path, then, then)
    }
    await make('app1/young', 10 * day)
    await make('app1/old', 40 * day)
    await make('app2/lost', day)
    const { workshop } = openMemory()
    const log = openLog('test', () => undefined)
    const kept = { apps: ['app1'], digests: [] }
    const done = await collect({ places, workshop, log }, kept, { dryRun: false }, signal)
    t.match(done.freed, [{ kind: 'submodules', count: 2 }])
    t.strictSame(await readdir(join(places.submodules, 'app1')), ['young'])
    t.strictSame(await readdir(join(places.submodules, 'app2')), [])

    const pruned = { dryRun: false, app: 'app1' }
    await collect({ places, workshop, log }, kept, pruned, signal)
    t.strictSame(await readdir(join(places.submodules, 'app1')), [], 'pruning takes young ones')
  },
)

t.test('of .gitmodules only path, address and what is left out count', (t) => {
  const entries = {
    'submodule.a.path': 'vendor/a',
    'submodule.a.url': 'https://example.org/a',
    'submodule.a.update': '!rm -rf /',
    'submodule.a.fetchRecurseSubmodules': 'true',
    'submodule.with.dots.path': 'b',
    'submodule.with.dots.url': 'https://example.org/b',
    'submodule.none.path': 'c',
    'submodule.none.url': 'https://example.org/c',
    'submodule.none.update': 'none',
    'core.sshCommand': 'id',
    'submodule.nowhere.path': 'd',
  }
  const text = Object.entries(entries).map(([key, value]) => `${key}\n${value}\0`)
  const modules = parseModules(text.join(''))
  t.strictSame(Object.fromEntries(modules), {
    'vendor/a': 'https://example.org/a',
    b: 'https://example.org/b',
    c: null,
  })
  t.end()
})

t.test('an address is https, whole or relative to one that is', (t) => {
  const here = { url: null, schemes: ['https'] }
  const there = { url: 'https://example.org/org/lib.git', schemes: ['https'] }
  t.equal(addressOf('a', 'https://example.org/a.git#x', here), 'https://example.org/a.git')
  t.equal(addressOf('a', '../b.git', there), 'https://example.org/org/b.git')
  t.equal(addressOf('a', '../../x/b', there), 'https://example.org/x/b')
  t.equal(addressOf('a', './b', there), 'https://example.org/org/lib.git/b')
  t.equal(addressOf('a', './/evil.invalid/b', there).slice(0, 20), 'https://example.org/')
  t.equal(addressOf('a', '../\\evil.invalid/b', there).slice(0, 20), 'https://example.org/')
  const wrong = [
    '',
    '-u./payload',
    '--upload-pack=id',
    'http://example.org/a',
    'HTTPS:',
    'ext::sh -c id',
    'git@example.org:a',
    '/etc',
    'file:///etc',
    'https://ada@example.org/a',
    'https://:b@example.org/a',
    'https://example.org/a?token=b',
    `https://example.org/${'a'.repeat(2000)}`,
  ]
  for (const text of wrong) t.throws(() => addressOf('a', text, there), { name: 'Refused' }, text)
  t.throws(() => addressOf('a', '../b', here), /relative/)
  t.end()
})
