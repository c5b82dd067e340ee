import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createWriteStream } from 'node:fs'
import { createGzip } from 'node:zlib'
import t from 'tap'
import { pack, type Header } from 'tar-stream'
import { unpack } from '#builder/build/unpack.ts'
import type { SandboxSpec } from '#driver/driver.ts'
import { app as code, builds, Repo, run, sourceOf, type World } from './fixture.ts'
import { fetchesOr, openFetching, type Stage } from './pack-server.ts'

/** A foreign buildpack proposes nothing here. */
const app = { ...code, Procfile: 'web: node server.js\n' }

const files = {
  'bin/detect': '#!/bin/sh\necho Brainfuck\n',
  'bin/compile': '#!/bin/sh\nexit 0\n',
  'bin/release': '#!/bin/sh\n',
}

/** A repository of a buildpack as a plain web server serves it. */
async function servePack({ world, folder }: Stage, name: string): Promise<Repo> {
  const repo = await Repo.make(world, files)
  await run(world.root, ['git', 'clone', '-q', '--bare', repo.path, join(folder, name)])
  await publish(repo, join(folder, name))
  return repo
}

async function publish(repo: Repo, bare: string): Promise<void> {
  await repo.git('push', '-q', bare, 'main', '--tags')
  await run(bare, ['git', 'repack', '-q', '-a', '-d'])
  await run(bare, ['git', 'update-server-info'])
}

type Entry = Partial<Header> & { readonly name: string; readonly content?: string }

async function writeArchive(path: string, entries: readonly Entry[]): Promise<void> {
  const tar = pack()
  const written = pipeline(tar, createGzip(), createWriteStream(path))
  for (const { content = '', ...header } of entries) tar.entry(header, content)
  tar.finalize()
  await written
}

const entries = Object.entries(files).map(([name, content]) => ({ name, content, mode: 0o755 }))

/** What the sandbox of the newest build was told of foreign buildpacks. */
function builtWith(world: World): { packs: string; homes: string[] } {
  const spec = world.sandboxes.findLast(({ name }) => name.startsWith('slw-build-'))
  const homes = (spec?.mounts ?? []).filter(({ target }) => target.startsWith('/packs/'))
  return { packs: spec?.env['SLIPWAY_PACKS'] ?? '', homes: homes.map(({ source }) => source) }
}

const builtCount = (world: World): number =>
  world.sandboxes.filter(({ name }) => name.startsWith('slw-build-')).length

t.test(
  'a buildpack by git URL is fetched, kept, and fetched again when its branch moves',
  async (t) => {
    const stage = await openFetching(t)
    const { world, server, folder } = stage
    const pack = await servePack(stage, 'bf.git')
    const url = `${server.url}/bf.git`
    world.controller.addApp('hello', world.alice, { BUILDPACK_URL: url })
    const repo = await Repo.make(world, app)

    const first = await repo.push('hello', 'main')
    t.equal(first.code, 0, first.text)
    t.match(first.text, `1. ${url.slice(7, -4)}`)
    const { packs, homes } = builtWith(world)
    t.match(packs, /^\/packs\/[0-9a-f]{16}$/)
    t.match(await readFile(join(homes[0] ?? '', 'bin/detect'), 'utf8'), 'echo Brainfuck')
    const spec = world.sandboxes.find(({ name }) => name.startsWith('slw-pack-'))
    t.strictSame(spec?.secrets, {}, 'the fetch knows nothing of the app')
    t.notOk(spec?.mounts.some(({ writable }) => writable))

    await repo.commit({}, 'Nothing')
    t.match((await repo.push('hello', 'main')).text, 'Nothing changed since it was built last')
    t.equal(builtCount(world), 1)

    await pack.commit({ 'bin/compile': '#!/bin/sh\nexit 1\n' })
    await publish(pack, join(folder, 'bf.git'))
    await repo.commit({}, 'Nothing again')
    t.notMatch((await repo.push('hello', 'main')).text, 'Nothing changed')
    t.equal(builtCount(world), 2)
    t.not(builtWith(world).homes[0], homes[0])

    await server.close()
    await repo.commit({}, 'Nothing once more')
    const alone = await repo.push('hello', 'main')
    t.equal(alone.code, 0, 'what was fetched last serves while nobody answers')
    t.match(alone.text, /warning: .*bf cannot be asked \(.+\): using the last copy/)
  },
)

t.test(
  'a tag, a commit and an archive are buildpacks, several in order, ours among them',
  async (t) => {
    const stage = await openFetching(t)
    const { world, server, folder } = stage
    const pack = await servePack(stage, 'bf.git')
    await pack.git('tag', 'v1')
    const head = await pack.head()
    await pack.commit({ 'bin/detect': '#!/bin/sh\necho newer\n' })
    await publish(pack, join(folder, 'bf.git'))
    const around = entries.map((entry) => ({ ...entry, name: `pack-1.0/${entry.name}` }))
    await writeArchive(join(folder, 'pack.tgz'), around)
    const urls = [`${server.url}/bf.git#v1`, `${server.url}/pack.tgz`, 'vendor/nodejs']
    world.controller.addApp('hello', world.alice)
    const repo = await Repo.make(world, { ...app, '.buildpacks': `# mine\n${urls.join('\n')}\n` })
    const push = await repo.push('hello', 'main')
    t.equal(push.code, 0, push.text)
    t.match(push.text, /Using 3 buildpacks *\n.*1\. .*bf#v1 *\n.*2\. .*pack\.tgz *\n.*3\. nodejs/)
    const { packs, homes } = builtWith(world)
    t.match(packs, /^\/packs\/\w+ \/packs\/\w+ nodejs$/)
    t.match(await readFile(join(homes[0] ?? '', 'bin/detect'), 'utf8'), 'echo Brainfuck')
    t.strictSame(await readdir(join(homes[1] ?? '', 'bin')), ['compile', 'detect', 'release'])

    await repo.commit({ '.buildpacks': `${server.url}/bf.git#${head}\n` })
    t.equal((await repo.push('hello', 'main')).code, 0)
    const before = server.asked.length
    await repo.commit({ a: 'b' })
    t.equal((await repo.push('hello', 'main')).code, 0)
    t.equal(server.asked.length, before, 'a whole commit id is not asked for again')
  },
)

t.test('an archive that did not change is not fetched again', async (t) => {
  const { world, server, folder } = await openFetching(t)
  await writeArchive(join(folder, 'pack.tgz'), entries)
  const checkout = world.controller.addApp('hello', world.alice)
  checkout.build = { buildpacks: [`${server.url}/pack.tgz`], root: '', dockerfile: null }
  Object.assign(world.controller.apps.get('hello') ?? {}, checkout)
  const repo = await Repo.make(world, app)
  t.equal((await repo.push('hello', 'main')).code, 0)
  await repo.commit({}, 'Nothing')
  t.match((await repo.push('hello', 'main')).text, 'Nothing changed since it was built last')
  t.equal(server.asked.length, 2)
  await writeArchive(join(folder, 'pack.tgz'), [...entries, { name: 'more', content: 'x' }])
  await repo.commit({}, 'Nothing again')
  t.notMatch((await repo.push('hello', 'main')).text, 'Nothing changed')
})

const evil: Readonly<Record<string, { entries: Entry[]; says: RegExp }>> = {
  'a name that climbs': {
    entries: [{ name: '../../escaped', content: 'x' }],
    says: /the name \.\.\/\.\.\/escaped leads out of it/,
  },
  'an absolute name': { entries: [{ name: '/etc/x', content: 'x' }], says: /leads out of it/ },
  'a name below a link': {
    entries: [
      { name: 'inside', type: 'symlink', linkname: 'bin' },
      { name: 'inside/x', content: 'x' },
    ],
    says: /inside is no directory/,
  },
  'a link that leads out': {
    entries: [{ name: 'out', type: 'symlink', linkname: '../..' }],
    says: /the link out leads out of it/,
  },
  'a chain of links': {
    entries: [
      { name: 'a/b', type: 'symlink', linkname: '..' },
      { name: 'c', type: 'symlink', linkname: 'a/b/..' },
    ],
    says: /the link c leads out of it/,
  },
  'a hard link': {
    entries: [{ name: 'hard', type: 'link', linkname: '/etc/passwd' }],
    says: /hard is a link/,
  },
  'a device': {
    entries: [{ name: 'disk', type: 'block-device', devmajor: 8, devminor: 0 }],
    says: /disk is a block device/,
  },
  'a set-id program': {
    entries: [{ name: 'root-me', mode: 0o4755, content: 'x' }],
    says: /root-me is a set-id program/,
  },
  'a bomb of bytes': {
    entries: [{ name: 'huge', size: 1024 ** 4 }],
    says: /it is larger than 536\.9 MB/,
  },
  'the same name twice': {
    entries: [entries[0] ?? { name: '' }],
    says: /bin\/detect is in it twice/,
  },
}

t.test('an evil archive is not unpacked, and the sentence names what is wrong in it', async (t) => {
  const folder = t.testdir({})
  const signal = AbortSignal.timeout(60_000)
  const limits = { entries: 20_000, totalBytes: 512 * 1024 ** 2 }
  for (const [name, { entries: more, says }] of Object.entries(evil)) {
    const file = join(folder, 'evil.tgz')
    await writeEvil(file, [...entries, ...more])
    const target = join(folder, name.replaceAll(' ', '-'), 'pack')
    await mkdir(target, { recursive: true })
    await t.rejects(
      unpack(file, target, limits, signal),
      { name: 'BadArchive', message: says },
      name,
    )
    t.strictSame(await readdir(dirname(target)), ['pack'], 'nothing is outside of it')
  }
})

t.test('a buildpack that is damaged or evil is refused, and nothing of it is kept', async (t) => {
  const { world, server, folder } = await openFetching(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, app)
  await writeFile(join(folder, 'torn.tgz'), Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6]))
  await writeArchive(join(folder, 'many.tgz'), manyEntries())
  await writeArchive(join(folder, 'climbs.tgz'), [...entries, { name: '../../x', content: 'x' }])
  await writeArchive(join(folder, 'empty.tgz'), [{ name: 'README', content: 'x' }])
  for (const [file, says] of [
    ['torn.tgz', /the buildpack .*torn\.tgz cannot be used: it is damaged/],
    ['many.tgz', /it has more than 20000 files/],
    [
      'climbs.tgz',
      /the name \.\.\/\.\.\/x leads out of it\s+remote: hint: Nothing of it was run\./,
    ],
    ['empty.tgz', /it has no bin\/compile/],
  ] as const) {
    await repo.commit({ '.buildpacks': `${server.url}/${file}\n` })
    const { code, text } = await repo.push('hello', 'main')
    t.not(code, 0, file)
    t.match(text, says, file)
  }
  t.equal(builtCount(world), 0)
  t.strictSame(await readdir(join(world.state, 'builder/packs')), [])
  await repo.commit({ '.buildpacks': '' })
  t.equal((await repo.push('hello', 'main')).code, 0, 'and the next push works')
})

/** As `writeArchive`, and the last entry's head may promise more than follows. */
async function writeEvil(path: string, all: readonly Entry[]): Promise<void> {
  const tar = pack()
  tar.on('error', () => undefined)
  const chunks: Buffer[] = []
  tar.on('data', (chunk) => void chunks.push(chunk as Buffer))
  for (const { content = '', ...header } of all) {
    if (header.size === undefined) tar.entry(header, content)
    else tar.entry(header as Header)
  }
  if (all.at(-1)?.size === undefined) tar.finalize()
  await new Promise((done) => setTimeout(done, 20))
  await writeFile(path, Buffer.concat(chunks))
}

function manyEntries(): Entry[] {
  return Array.from({ length: 20_100 }, () => ({ name: 'd', type: 'directory' as const }))
}

t.test('an address that is not allowed or not there is said, and where it was named', async (t) => {
  const { world, server } = await openFetching(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, app)
  const wrong: readonly (readonly [string, RegExp])[] = [
    [
      'git@example.org:a/b.git',
      /\.buildpacks names "git@example.org:a\/b.git".*write its address as https/,
    ],
    ['https://ada:secret@example.org/a.git', /may hold no user and no password/],
    ['ssh://example.org/a.git', /must begin with https:\/\//],
    ['file:///etc/passwd.tgz', /buildpacks are not fetched by file/],
    [`${server.url}/none.tgz`, /cannot be fetched: .*404/],
    [`${server.url}/none.git`, /cannot be fetched: .*not found/],
    ['cobol', /names the buildpack "cobol", which is not one of ours/],
    ['https://example.org/a.git#../x', /what follows # must be a branch, tag or commit/],
  ]
  for (const [line, says] of wrong) {
    await repo.commit({ '.buildpacks': `${line}\n` })
    const { code, text } = await repo.push('hello', 'main')
    t.not(code, 0, line)
    t.match(text, says, line)
    t.match(text, /hint: /)
  }
})

t.test('without the setting a buildpack is fetched by https alone', async (t) => {
  const { world, server } = await openFetching(t, { SLIPWAY_BUILDPACK_SCHEMES: 'https' })
  world.controller.addApp('hello', world.alice, { BUILDPACK_URL: `${server.url}/a.tgz` })
  const { code, text } = await (await Repo.make(world, app)).push('hello', 'main')
  t.not(code, 0)
  t.match(
    text,
    /error: buildpacks are not fetched by http: .*\n.*hint: .*SLIPWAY_BUILDPACK_SCHEMES/,
  )
  t.equal(server.asked.length, 0)
})

t.test('a folder of the operator serves buildpacks without a network', async (t) => {
  const folder = t.testdir({})
  const stage = await openFetching(t, { SLIPWAY_BUILDPACK_FOLDER: folder })
  await servePack({ ...stage, folder }, 'bf.git')
  stage.world.controller.addApp('hello', stage.world.alice, { BUILDPACK_URL: 'file:///bf.git' })
  const { code, text } = await (await Repo.make(stage.world, app)).push('hello', 'main')
  t.equal(code, 0, text)
  t.equal(builtWith(stage.world).homes.length, 1)
})

t.test('a fetch that prints without end is cut', async (t) => {
  const { world, server } = await openFetching(t)
  world.sandbox = async (_spec, onOutput, signal) => {
    onOutput(Buffer.from('id=12\n\n'))
    const flood = Buffer.alloc(1024 ** 2)
    for (let count = 0; count < 1000 && !signal.aborted; count += 1) onOutput(flood)
    signal.throwIfAborted()
    return { kind: 'exit', code: 0 }
  }
  world.controller.addApp('hello', world.alice, { BUILDPACK_URL: `${server.url}/a.tgz` })
  const { text } = await (await Repo.make(world, app)).push('hello', 'main')
  t.match(text, /cannot be fetched: it is larger than 134\.2 MB/)
})

t.test('what foreign buildpacks propose becomes process types and config', async (t) => {
  const stage = await openFetching(t)
  const { world, server } = stage
  await servePack(stage, 'bf.git')
  const release = async (yaml: string): Promise<string> => {
    world.sandbox = fetchesOr(
      builds(
        (_app: string, spec: SandboxSpec) =>
          writeFile(sourceOf(spec, '/out', 'release-1.yml'), yaml),
        { buildpack: 'Brainfuck', pack: '/packs/x', process_types: {} },
      ),
    )
    await repo.commit({ note: yaml })
    return (await repo.push('hello', 'main')).text
  }
  world.controller.addApp('hello', world.alice, { BUILDPACK_URL: `${server.url}/bf.git` })
  const repo = await Repo.make(world, code)
  const said = await release(
    '---\naddons: []\nconfig_vars:\n  LANG: en_US.UTF-8\ndefault_process_types:\n  web: "run --port $PORT"\n  rake: >-\n    a\n    b\n',
  )
  t.match(said, /Process types *\n.*web: run --port \$PORT *\n.*rake: a b/)
  t.match(world.controller.builds.at(-1)?.result?.slug, {
    buildpack: 'Brainfuck',
    process_types: { web: 'run --port $PORT', rake: 'a b' },
    first: { config: { LANG: 'en_US.UTF-8' } },
  })
  t.match(
    await release('default_process_types:\n  "a b": x\n'),
    /wrong at "default_process_types\.a b"/,
  )
  t.match(await release('a: [\n'), /is no YAML at line 2/)
  t.match(await release('--- {}\n'), /nothing says how this app is started/)
})

t.test(
  'the same dependencies lie below an app only if what came before them is the same',
  async (t) => {
    const stage = await openFetching(t)
    const { world, server, folder } = stage
    const pack = await servePack(stage, 'bf.git')
    world.sandbox = fetchesOr(
      builds(
        async (path) => {
          await mkdir(join(path, 'node_modules'), { recursive: true })
          await writeFile(join(path, 'node_modules/x'), 'x')
        },
        { layer: true },
      ),
    )
    world.controller.addApp('hello', world.alice)
    const repo = await Repo.make(world, { ...app, '.buildpacks': `${server.url}/bf.git\nnodejs\n` })
    t.equal((await repo.push('hello', 'main')).code, 0)
    await repo.commit({ 'server.js': 'console.log(2)\n' })
    t.equal((await repo.push('hello', 'main')).code, 0)
    const hits = (): boolean[] =>
      world.sandboxes
        .filter(({ name }) => name.startsWith('slw-build-'))
        .map(({ env }) => env['SLIPWAY_LAYER'] === 'hit')
    t.strictSame(hits(), [false, true])
    await pack.commit({ 'bin/compile': '#!/bin/sh\ntrue\n' })
    await publish(pack, join(folder, 'bf.git'))
    await repo.commit({ 'server.js': 'console.log(3)\n' })
    t.equal((await repo.push('hello', 'main')).code, 0)
    t.strictSame(hits(), [false, true, false])
  },
)
