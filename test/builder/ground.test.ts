import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parseDelta } from '#builder/build/delta.ts'
import { emptyDirectory } from '#builder/build/files.ts'
import { spellOutOpaque } from '#builder/build/opaque.ts'
import { differences, listSlug, type Listing } from '#builder/slug/listing.ts'
import { builds, openWorld, Repo, until, type World } from './fixture.ts'

const never = new AbortController().signal
const call = promisify(execFile)
/** Overlays and their signs are root's. */
const options = process.getuid?.() === 0 ? {} : { skip: 'needs root' }

/** Files enough for a tree that is not written anew each time. */
const many = Object.fromEntries(
  Array.from({ length: 2300 }, (_, n) => [`d${n % 30}/${n}.txt`, `file ${n}\n`]),
)
const small = { 'package.json': '{"name":"hello"}', 'server.js': 'console.log(1)\n' }

interface Built {
  readonly layers: readonly string[]
  readonly digest: string
}

async function openLarge(
  t: Test,
  files: Record<string, string> = {},
): Promise<{ world: World; repo: Repo }> {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, { ...small, ...many, ...files })
  return { world, repo }
}

async function push(t: Test, world: World, repo: Repo): Promise<Built> {
  const { code, text } = await repo.push('hello', '+HEAD:refs/heads/main')
  t.equal(code, 0, text)
  const slug = world.controller.builds.at(-1)?.result?.slug
  if (slug?.artifact.kind !== 'tree') throw new Error('no slug')
  return { layers: slug.artifact.layers, digest: slug.digest }
}

/** What git itself writes of a commit. */
async function freshly(world: World, repo: Repo): Promise<Listing> {
  const directory = join(world.root, `fresh-${Math.random()}`)
  await mkdir(directory)
  await repo.git(`--work-tree=${directory}`, 'checkout', '-f', 'HEAD', '--', '.')
  return listSlug([directory], never)
}

/** A comparison of two whole listings would take minutes to print. */
async function isFresh(
  t: Test,
  world: World,
  repo: Repo,
  { layers }: Pick<Built, 'layers'>,
): Promise<void> {
  const [fresh, built] = [await freshly(world, repo), await listSlug(layers, never)]
  t.strictSame(differences(fresh, built), [])
}

function change(repo: Repo, edit: (path: (name: string) => string) => Promise<unknown>) {
  return edit((name) => join(repo.path, name)).then(() => repo.commit({}))
}

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

/** Every kind of change, each in a place of its own. */
const changes: readonly ((path: (name: string) => string) => Promise<unknown>)[] = [
  (path) => writeFile(path('d3/3.txt'), 'another line\n'),
  (path) => put(path('new/deep/a.txt'), 'a new file in a new directory\n'),
  (path) => rm(path('d2/2.txt')),
  (path) => rm(path('d4'), { recursive: true }),
  (path) => rename(path('d5'), path('e5')),
  (path) => chmod(path('d6/6.txt'), 0o755),
  // A link for a file and for a directory.
  (path) => rm(path('d7/7.txt')).then(() => symlink('37.txt', path('d7/7.txt'))),
  (path) => rm(path('d8'), { recursive: true }).then(() => symlink('d9', path('d8'))),
  // A file for a directory, and a directory for a file.
  (path) => rm(path('d10'), { recursive: true }).then(() => put(path('d10'), 'a file now\n')),
  (path) => rm(path('d11/11.txt')).then(() => put(path('d11/11.txt/a/b.txt'), 'within\n')),
  // What the builder reads by name.
  (path) => put(path('package.json'), '{"name":"other"}'),
  (path) => put(path('Procfile'), 'web: node d15/15.txt\n'),
  (path) => rm(path('server.js')),
]

async function makeAll(path: (name: string) => string): Promise<void> {
  for (const one of changes) await one(path)
}

/** As a copy runs: the layers below what it writes itself. */
async function mountOver(t: Test, world: World, layers: readonly string[]): Promise<string> {
  const [upper = '', work = '', at = ''] = ['upper', 'work', 'at'].map((name) =>
    join(world.root, name),
  )
  for (const path of [upper, work, at]) await mkdir(path)
  const mounted = `lowerdir=${layers.join(':')},upperdir=${upper},workdir=${work}`
  await call('mount', ['-t', 'overlay', '-o', mounted, 'test', at])
  t.teardown(() => call('umount', [at]))
  return at
}

t.test('a changed tree of many files gives what a fresh build gives', options, async (t) => {
  const { world, repo } = await openLarge(t)
  const first = await push(t, world, repo)
  await isFresh(t, world, repo, first)
  await change(repo, makeAll)
  const second = await push(t, world, repo)
  await isFresh(t, world, repo, second)
  t.equal(second.layers.at(-1), first.layers.at(-1), 'both stand on the same files')
  const written = await call('find', [second.layers[0] ?? '', '-type', 'f'])
  t.ok(written.stdout.split('\n').length < 150, 'only what changed was written')
})

t.test('so do all these changes taken back, and a running copy sees it', options, async (t) => {
  const { world, repo } = await openLarge(t)
  const before = await repo.head()
  await change(repo, makeAll)
  const first = await push(t, world, repo)
  await repo.git('reset', '-q', '--hard', before)
  const second = await push(t, world, repo)
  await isFresh(t, world, repo, second)
  t.equal(second.layers.at(-1), first.layers.at(-1), 'both stand on the same files')
  await isFresh(t, world, repo, { layers: [await mountOver(t, world, second.layers)] })
})

t.test(
  'half of the files changed make a new ground, the old one stays for its slugs',
  options,
  async (t) => {
    const { world, repo } = await openLarge(t)
    const first = await push(t, world, repo)
    const half = Object.keys(many).filter((_, n) => n % 2 === 0)
    await repo.commit(Object.fromEntries(half.map((name) => [name, 'new\n'])))
    const second = await push(t, world, repo)
    t.not(second.layers.at(-1), first.layers.at(-1))
    t.ok(existsSync(first.layers.at(-1) ?? ''))
    await isFresh(t, world, repo, second)
  },
)

t.test('a ground that was not finished is not used', options, async (t) => {
  const { world, repo } = await openLarge(t)
  const { layers } = await push(t, world, repo)
  const ground = layers.at(-1) ?? ''
  // As a kill in the middle leaves it: under another name, with half of its files.
  await rename(ground, `${ground}.some-build.new`)
  await rm(join(`${ground}.some-build.new`, 'd1'), { recursive: true })
  await repo.commit({ 'd2/2.txt': 'changed\n' })
  const again = await push(t, world, repo)
  await isFresh(t, world, repo, again)
})

t.test('what is still written for a builder that was killed goes as well', async (t) => {
  const root = t.testdir({ ground: {} })
  const writes = `
    const { mkdirSync, writeFileSync } = require('node:fs')
    for (let n = 0, end = Date.now() + 700; Date.now() < end; n += 1) {
      try {
        mkdirSync('d' + (n % 50), { recursive: true })
        writeFileSync('d' + (n % 50) + '/' + n, 'x')
      } catch {}
    }`
  const cwd = join(root, 'ground')
  const writer = call(process.execPath, ['-e', writes], { cwd })
  await until(() => existsSync(join(cwd, 'd9')))
  await emptyDirectory(root)
  await writer
  t.strictSame(await readdir(root), [])
})

t.test('a small tree is written whole', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const { layers } = await push(t, world, await Repo.make(world))
  t.equal(layers.length, 1)
})

t.test('so is one whose dependencies are committed', options, async (t) => {
  const { world, repo } = await openLarge(t, { 'node_modules/a/index.js': 'x' })
  const { layers } = await push(t, world, repo)
  await isFresh(t, world, repo, { layers })
  t.notOk(layers.some((path) => path.includes('/tree-')))
})

t.test('.slugignore holds for a tree of many files', options, async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, { ...small, ...many, '.slugignore': 'd1/\n' })
  const first = await push(t, world, repo)
  t.notOk([...(await listSlug(first.layers, never)).keys()].some((path) => path.startsWith('d1/')))
  await repo.commit({ '.slugignore': 'd2/\n' })
  const second = [...(await listSlug((await push(t, world, repo)).layers, never)).keys()]
  t.ok(second.includes('d1/1.txt'))
  t.notOk(second.some((path) => path.startsWith('d2/')))
})

t.test('a large directory that is an app stands on a ground of its own', options, async (t) => {
  const { world, repo } = await openLarge(t)
  const inside = Object.entries({ ...small, ...many })
  const below = inside.map(([name, content]) => [`apps/web/${name}`, content] as const)
  await repo.commit(Object.fromEntries(below))
  const build = { buildpacks: [], root: 'apps/web', dockerfile: null }
  Object.assign(world.controller.apps.get('hello') ?? {}, { build })
  const freshWeb = async (): Promise<Listing> => {
    const found = [...(await freshly(world, repo))]
    const own = found.filter(([path]) => path.startsWith('apps/web/'))
    return new Map(own.map(([path, entry]) => [path.slice('apps/web/'.length), entry]))
  }
  const first = await push(t, world, repo)
  await change(repo, async (path) => {
    await writeFile(path('apps/web/d3/3.txt'), 'another line\n')
    await rm(path('apps/web/d4'), { recursive: true })
    await writeFile(path('d3/3.txt'), 'of nobody\n')
  })
  const second = await push(t, world, repo)
  t.equal(second.layers.at(-1), first.layers.at(-1), 'both stand on the same files')
  t.match(second.layers.at(-1), '/tree-')
  const built = await listSlug(second.layers, never)
  t.strictSame(differences(await freshWeb(), built), [])
  t.equal(await readFile(join(second.layers[0] ?? '', 'd3/3.txt'), 'utf8'), 'another line\n')
})

t.test('a build that cannot move a directory is done once more with a copy', options, async (t) => {
  const { world, repo } = await openLarge(t)
  const lowers: number[] = []
  world.sandbox = async (spec, onOutput, signal) => {
    lowers.push(spec.overlay?.lower.length ?? 0)
    if (lowers.length > 1) return builds()(spec, onOutput, signal)
    onOutput(Buffer.from("Error: EXDEV: cross-device link not permitted, rename 'd1' -> 'x'\n"))
    return builds(undefined, { stage: 'compile' }, 1)(spec, onOutput, signal)
  }
  const { layers } = await push(t, world, repo)
  t.strictSame(lowers, [1, 0])
  t.equal(layers.length, 1)
})

t.test('what a build removed and made anew hides all that was there', options, async (t) => {
  const root = t.testdir({ ground: { d: { a: '1', b: '2', e: { x: '3' } } }, app: {}, work: {} })
  const [ground, app, work, at] = ['ground', 'app', 'work', 'at'].map((name) =>
    join(root, name),
  ) as [string, string, string, string]
  await mkdir(at)
  const mounted = `lowerdir=${ground},upperdir=${app},workdir=${work}`
  await call('mount', ['-t', 'overlay', '-o', mounted, 'test', at])
  await rm(join(at, 'd'), { recursive: true })
  await mkdir(join(at, 'd/e'), { recursive: true })
  await writeFile(join(at, 'd/a'), 'new')
  const seen = await listSlug([at], never)
  await call('umount', [at])
  await spellOutOpaque(app, ground, never)
  t.strictSame(await listSlug([app, ground], never), seen)
  t.ok((await lstat(join(app, 'd/b'))).isCharacterDevice())
})

t.test(
  'a delta names what is gone once, and nothing that something else took the place of',
  (t) => {
    const entry = (head: string, path: string): string => `:${head}\0${path}\0`
    const text = [
      entry('040000 000000 1 0 D', 'd'),
      entry('100644 000000 1 0 D', 'd/x'),
      entry('040000 000000 1 0 D', 'e'),
      entry('100644 000000 1 0 D', 'e/x'),
      entry('000000 100644 0 1 A', 'e'),
      entry('100644 100755 1 1 M', 'f'),
      entry('040000 040000 1 2 M', 'g'),
    ].join('')
    t.strictSame(parseDelta(text), { changed: ['e', 'f'], gone: ['d'] })
    t.end()
  },
)
