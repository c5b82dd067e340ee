import t from 'tap'
import { staysInside } from '#builder/receive/links.ts'
import { openWorld, refsOf, Repo, type World } from './fixture.ts'
import { Forge, type Entry } from './forge.ts'

async function pushTree(
  world: World,
  make: (forge: Forge) => Entry[],
): Promise<{ code: number; text: string }> {
  const repo = await Repo.make(world)
  const forge = new Forge(repo.path)
  const commit = forge.commit(forge.tree(...make(forge)))
  return repo.push('hello', `${commit}:refs/heads/main`)
}

const hostile: Record<string, { make: (forge: Forge) => Entry[]; error: RegExp | string }> = {
  'a mode with set-user-id': {
    make: (f) => [{ mode: '106755', name: 'sudo', id: f.blob('x') }],
    error: 'error: a file has the mode 106755',
  },
  'a device': {
    make: (f) => [{ mode: '020666', name: 'null', id: f.blob('x') }],
    error: /error: |fatal: |rejected/,
  },
  'more submodules than are fetched': {
    make: () =>
      Array.from({ length: 101 }, (_, n) => {
        return { mode: '160000', name: `lib${100 + n}`, id: '1'.repeat(40) }
      }),
    error: 'error: the commit has more than 100 submodules',
  },
  'an absolute link': {
    make: (f) => [{ mode: '120000', name: 'passwd', id: f.blob('/etc/passwd') }],
    error: 'error: the symbolic link passwd leads out of the app (/etc/passwd)',
  },
  'a link that climbs out': {
    make: (f) => {
      const link = { mode: '120000', name: 'up', id: f.blob('../../x') }
      return [{ mode: '40000', name: 'dir', id: f.tree(link) }]
    },
    error: 'error: the symbolic link dir/up leads out of the app',
  },
  'a .git directory': {
    make: (f) => {
      const hook = { mode: '100755', name: 'config', id: f.blob('[core]\n') }
      return [{ mode: '40000', name: '.git', id: f.tree(hook) }]
    },
    error: /hasDotgit|no name we take/,
  },
  'a name that climbs': {
    make: (f) => [{ mode: '100644', name: '..', id: f.blob('x') }],
    error: /hasDotdot|no name we take/,
  },
  'a directory too deep': {
    make: (f) => {
      let id = f.tree({ mode: '100644', name: 'f', id: f.blob('x') })
      for (let depth = 0; depth < 120; depth += 1) id = f.tree({ mode: '40000', name: 'd', id })
      return [{ mode: '40000', name: 'd', id }]
    },
    error: 'error: directories are nested deeper than 100',
  },
  'more files than there are atoms': {
    make: (f) => {
      let id = f.tree({ mode: '100644', name: 'f', id: f.blob('x') })
      for (let level = 0; level < 10; level += 1) {
        const names = Array.from({ length: 10 }, (_, n) => ({ mode: '40000', name: `d${n}`, id }))
        id = f.tree(...names)
      }
      return [{ mode: '40000', name: 'bomb', id }]
    },
    error: 'error: the commit has more than 200000 files',
  },
}

for (const [name, { make, error }] of Object.entries(hostile)) {
  t.test(`${name} is refused before anything is checked out`, async (t) => {
    const world = await openWorld(t)
    world.controller.addApp('hello', world.alice)
    const { code, text } = await pushTree(world, make)
    t.not(code, 0)
    t.match(text, error)
    t.strictSame(await refsOf(world, 'hello'), {})
    t.equal(world.controller.builds.length, 0)
  })
}

t.test('links inside the tree and the modes of old repositories are taken', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const { code, text } = await pushTree(world, (f) => [
    { mode: '120000', name: 'link', id: f.blob('./package.json') },
    { mode: '100664', name: 'package.json', id: f.blob('{}') },
  ])
  t.equal(code, 0, text)
})

t.test('a commit whose files are too large in all is refused with the limit', async (t) => {
  const world = await openWorld(t, { SLIPWAY_TREE_LIMIT: '1000' })
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, { big: 'x'.repeat(1001) })
  t.match(
    (await repo.push('hello', 'main')).text,
    "error: the commit's files are larger than 1.0 kB",
  )
})

t.test('a pack that is too large is not received', async (t) => {
  const world = await openWorld(t, { SLIPWAY_PACK_LIMIT: '2000' })
  world.controller.addApp('hello', world.alice)
  const noise = Array.from({ length: 4000 }, () => Math.random().toString(36)).join('')
  const repo = await Repo.make(world, { noise })
  const { code, text } = await repo.push('hello', 'main')
  t.not(code, 0)
  t.match(text, /maximum allowed size/)
})

t.test('a link may climb at its beginning only, and never above the root', async (t) => {
  t.ok(staysInside('node_modules/.bin/tsc', '../typescript/bin/tsc'))
  t.ok(staysInside('a/b', '..'))
  t.ok(staysInside('a', '.'))
  t.notOk(staysInside('a', '..'))
  t.notOk(staysInside('a/b', 'link/../../..'))
  t.notOk(staysInside('a', '/app/x'))
  t.notOk(staysInside('a', ''))
})
