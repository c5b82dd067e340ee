import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { isLoop } from '#builder/receive/links.ts'
import { openWorld, refsOf, Repo, until, type Ended, type World } from './fixture.ts'
import {
  commitOf,
  deltaBomb,
  flush,
  Forge,
  idOf,
  pack,
  packed,
  packetLine,
  type Entry,
} from './forge.ts'

const none = '0'.repeat(40)
const main = 'refs/heads/main'

/** A world with one app, and a repository whose push must still go through at the end. */
async function openTown(t: Test, settings: Record<string, string> = {}) {
  const world = await openWorld(t, settings)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  const forge = new Forge(repo.path)
  return { world, repo, forge }
}

async function goesOn(t: Test, { repo }: { repo: Repo }): Promise<void> {
  await repo.commit({ 'after.txt': `${Math.random()}` })
  const { code, text } = await repo.push('hello', '+HEAD:refs/heads/main')
  t.equal(code, 0, `the next push goes through: ${text}`)
}

/** Says bytes to a command by SSH as they are; `end: false` leaves it waiting for more. */
function say(world: World, command: string, bytes: Buffer, end = true): Promise<Ended> {
  const [file = '', ...args] = world.sshArgv([command])
  const child = spawn(file, args, { stdio: 'pipe' })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  }
  child.stdin.on('error', () => undefined)
  child.stdin.write(bytes)
  if (end) child.stdin.end()
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code: code ?? 128, text: Buffer.concat(chunks).toString('latin1') })
    })
  })
}

const receive = "git-receive-pack 'hello.git'"

function moving(ref: string, to: string, from = none): Buffer {
  return Buffer.concat([packetLine(`${from} ${to} ${ref}\0report-status`), flush])
}

type Make = (forge: Forge) => Entry[]

const file = (name: string, mode = '100644'): Make => {
  return (forge) => [{ mode, name, id: forge.blob('x') }]
}
const link = (name: string, target: string): Make => {
  return (forge) => [{ mode: '120000', name, id: forge.blob(target) }]
}
const folder = (name: string): Make => {
  return (forge) => [{ mode: '40000', name, id: forge.tree(...file('config')(forge)) }]
}
const modules = (text: string): Make => {
  return (forge) => [
    { mode: '100644', name: '.gitmodules', id: forge.blob(text) },
    { mode: '160000', name: 'x', id: '1'.repeat(40) },
  ]
}

const evil: Record<string, Make> = {
  '.git': folder('.git'),
  '.GIT in capitals': folder('.GIT'),
  '.gIt as a file': file('.gIt'),
  '.git with a space behind': folder('.git '),
  '.git with a dot behind': folder('.git.'),
  '.git with spaces and dots': folder('.git . .'),
  'git~1, as NTFS shortens it': folder('git~1'),
  'GIT~1 in capitals': folder('GIT~1'),
  '.git as a stream of NTFS': folder('.git::$INDEX_ALLOCATION'),
  '.git with a zero-width joiner, as HFS reads it': folder('.g\u200dit'),
  '.git with a byte order mark': folder('.git\ufeff'),
  '.git behind a backslash': folder('a\\.git\\hooks'),
  'a name that climbs': file('..'),
  'a name that is where it is': file('.'),
  'a name with a slash': file('a/b'),
  'a name with .. and a slash': file('../x'),
  'no name at all': file(''),
  'the same name twice': (f) => [...file('a')(f), ...file('a')(f)],
  'names out of order': (f) => [...file('b')(f), ...file('a')(f)],
  'a file and a directory of one name': (f) => [...file('a')(f), ...folder('a')(f)],
  'an absolute link': link('a', '/etc/passwd'),
  'a link that climbs out': link('a', '../../etc'),
  'a link to itself': link('a', 'a'),
  'links that go in a circle': (f) => [...link('a', 'b/x')(f), ...link('b', './a')(f)],
  'a link without a target': link('a', ''),
  '.gitmodules as a link': link('.gitmodules', 'x'),
  'a submodule that is a command': modules('[submodule "x"]\npath=x\nurl=--upload-pack=id\n'),
  'a submodule that climbs': modules('[submodule "../../x"]\npath=x\nurl=https://x/y\n'),
  'a mode with set-user-id': file('a', '104755'),
  'a mode with set-group-id': file('a', '102755'),
  'a mode with a sticky bit': file('a', '101644'),
  'a mode for all to write': file('a', '100777'),
  'a mode with a zero in front': file('a', '0100644'),
  'a device': file('a', '020666'),
  'a pipe': file('a', '010644'),
}

t.test('evil trees are refused, each with a sentence, and nothing is built', async (t) => {
  const town = await openTown(t)
  const { world, repo, forge } = town
  for (const [what, make] of Object.entries(evil)) {
    const commit = forge.commit(forge.tree(...make(forge)))
    const { code, text } = await repo.push('hello', `${commit}:${main}`)
    t.not(code, 0, what)
    t.match(text, /(remote: (error|fatal): \S|error: \S|fatal: \S)/, what)
    t.match(text, /remote|unpack/, `${what}: refused over there`)
  }
  t.strictSame(await refsOf(world, 'hello'), {})
  t.equal(world.controller.builds.length, 0)
  await goesOn(t, town)
})

t.test('links that only look like a circle are none', async (t) => {
  const targets = new Map([
    ['a', 'b'],
    ['b', 'dir'],
    ['dir/up', '..'],
    ['c', 'dir/up/a'],
    ['x', 'x/y'],
  ])
  for (const path of ['a', 'b', 'c', 'dir/up']) t.notOk(isLoop(path, targets), path)
  t.ok(isLoop('x', targets))
})

t.test('deep and wide trees are refused without being walked to the end', async (t) => {
  const town = await openTown(t)
  const { repo, forge } = town
  let deep = forge.tree(...file('f')(forge))
  const ids = Buffer.from(deep, 'hex')
  t.ok(ids.length === 20)
  // Five thousand levels, written as one pack.
  const objects: Buffer[] = []
  for (let level = 0; level < 5000; level += 1) {
    const tree = Buffer.concat([Buffer.from('40000 d\0'), Buffer.from(deep, 'hex')])
    objects.push(packed('tree', tree))
    deep = idOf('tree', tree)
  }
  unpackInto(repo, pack(...objects))
  const tall = await repo.push('hello', `${forge.commit(deep)}:${main}`)
  t.match(tall.text, 'error: directories are nested deeper than 100')

  const id = forge.blob('x')
  const wide = Array.from({ length: 100_000 }, (_, n) => {
    return { mode: '100644', name: String(n).padStart(6, '0'), id }
  })
  const flat = await repo.push('hello', `${forge.commit(forge.tree(...wide))}:${main}`)
  t.match(flat.text, 'error: a directory has more than 65536 files and directories')
  await goesOn(t, town)
})

function unpackInto({ path }: Repo, bytes: Buffer): void {
  execFileSync('git', ['unpack-objects', '-q'], { cwd: path, input: bytes })
}

t.test('names of refs that are none move nothing', async (t) => {
  const town = await openTown(t)
  const { world, repo } = town
  t.equal((await repo.push('hello', 'main')).code, 0)
  const before = await refsOf(world, 'hello')
  const head = await repo.head()
  const names = [
    'refs/heads/../../../../tmp/x',
    'refs/heads/a..b',
    'refs/heads/.a',
    'refs/heads/a.lock',
    'refs/heads/a b',
    'refs/heads/a~1',
    'refs/heads/a\x01b',
    'refs/heads/a\x1b[2J',
    'refs/heads/@{u}',
    'refs/heads/',
    'refs/heads/main/x',
    'HEAD',
    'objects/x',
    '../x',
    `refs/heads/${'x'.repeat(5000)}`,
  ]
  for (const name of names) {
    const bytes = Buffer.concat([moving(name, head), pack()])
    await say(world, receive, bytes)
    t.strictSame(await refsOf(world, 'hello'), before, JSON.stringify(name.slice(0, 40)))
  }
  await goesOn(t, town)
})

t.test('ten thousand refs in one push are refused', async (t) => {
  const town = await openTown(t)
  const { world, repo } = town
  t.equal((await repo.push('hello', 'main')).code, 0)
  const head = await repo.head()
  const lines = Array.from({ length: 10_000 }, (_, n) => {
    return packetLine(`${none} ${head} refs/heads/b${n}${n === 0 ? '\0report-status' : ''}`)
  })
  const { code, text } = await say(world, receive, Buffer.concat([...lines, flush, pack()]))
  t.match(text, 'error: a push can move 2000 refs at most')
  t.equal(Object.keys(await refsOf(world, 'hello')).length, 1, String(code))
  await goesOn(t, town)
})

t.test('broken lines of the protocol end their push and no other', async (t) => {
  const town = await openTown(t)
  const broken: Record<string, Buffer> = {
    'no number': Buffer.from('zzzz'),
    'too short to be': Buffer.from('0003'),
    'longer than it is': Buffer.from('fff0abc'),
    'not a command': Buffer.concat([packetLine('nonsense'), flush]),
    'no object ids': Buffer.concat([packetLine(`x y ${main}\0report-status`), flush]),
    'half a line': Buffer.from('00'),
    noise: randomBytes(100_000),
    nothing: Buffer.alloc(0),
  }
  for (const [what, bytes] of Object.entries(broken)) {
    for (const command of [receive, "git-upload-pack 'hello.git'"]) {
      const { text } = await say(town.world, command, bytes)
      t.notMatch(text, 'success', what)
    }
  }
  await goesOn(t, town)
})

t.test('packs that are cut, changed, or not what they say are refused', async (t) => {
  const town = await openTown(t)
  const { world, repo } = town
  const head = await repo.head()
  const whole = execFileSync('git', ['pack-objects', '--stdout', '-q', '--revs'], {
    cwd: repo.path,
    input: 'HEAD\n',
  })
  const changed = Buffer.from(whole)
  changed[40] = (changed[40] ?? 0) ^ 0xff
  const countless = Buffer.from(whole)
  countless.writeUInt32BE(0xffffffff, 8)
  const lying = packed('blob', Buffer.alloc(1000), { claimed: 10 })
  const bad: Record<string, Buffer> = {
    cut: whole.subarray(0, whole.length / 2),
    headless: whole.subarray(0, 6),
    changed,
    'of endless objects': countless,
    'of a wrong sum': Buffer.concat([whole.subarray(0, -1), Buffer.of(0)]),
    'larger inside than told': pack(lying),
    'smaller inside than told': pack(packed('blob', Buffer.alloc(10), { claimed: 1000 })),
    'of nothing': pack(),
    'of a delta to what is not there': pack(packed('delta', deltaBomb(10, 1), { base: none })),
  }
  for (const [what, bytes] of Object.entries(bad)) {
    const { text } = await say(world, receive, Buffer.concat([moving(main, head), bytes]))
    t.match(text, /unpack|fatal|error|ng refs/, what)
    t.strictSame(await refsOf(world, 'hello'), {}, what)
  }
  await goesOn(t, town)
})

t.test('bombs of deflate and of deltas end at their limits', async (t) => {
  const town = await openTown(t, { SLIPWAY_TREE_LIMIT: '50M', SLIPWAY_PACK_LIMIT: '50M' })
  const { world } = town
  const rss = process.memoryUsage.rss()
  const zeros = Buffer.alloc(120 * 1024 ** 2)
  const blob = idOf('blob', zeros)
  const tree = Buffer.concat([Buffer.from('100644 a\0'), Buffer.from(blob, 'hex')])
  const commit = commitOf(idOf('tree', tree))
  const objects = [packed('commit', commit), packed('tree', tree), packed('blob', zeros)]
  const bytes = Buffer.concat([moving(main, idOf('commit', commit)), pack(...objects)])
  const inflated = await say(world, receive, bytes)
  t.match(inflated.text, /larger than 52\.4 MB|unpack/)

  const base = Buffer.alloc(16 * 1024 ** 2 - 1)
  const bomb = packed('delta', deltaBomb(base.length, 500), { base: idOf('blob', base) })
  const beganAt = performance.now()
  const deltas = Buffer.concat([
    moving(main, none.replace(/0/g, '1')),
    pack(packed('blob', base), bomb),
  ])
  const { text } = await say(world, receive, deltas)
  t.match(text, /fatal|unpack/)
  t.ok(performance.now() - beganAt < 20_000)
  t.strictSame(await refsOf(world, 'hello'), {})
  const grownMiB = (process.memoryUsage.rss() - rss) / 1024 ** 2
  t.ok(grownMiB < 400, `${Math.round(grownMiB)} MiB more, this test's own 120 MiB with it`)
  await goesOn(t, town)
})

t.test('a push that stalls is ended with a sentence, and kept nobody waiting', async (t) => {
  const town = await openTown(t, { SLIPWAY_PUSH_STALL: '2' })
  const { world, repo } = town
  const half = Buffer.concat([moving('refs/heads/x', await repo.head()), Buffer.from('PACK')])
  const stalled = say(world, receive, half, false)
  await until(() => true)
  await goesOn(t, town)
  const { code, text } = await stalled
  t.not(code, 0)
  t.match(text, 'error: nothing came for 2 s, so the push was ended')
})

t.test('a push that another one overtakes is refused before it is built', async (t) => {
  const town = await openTown(t)
  const { world, repo } = town
  const slow = spawnSlow(world)
  await slow.greeted
  await goesOn(t, town)
  const { length } = world.controller.builds
  const head = await repo.head()
  const { text } = await slow.finish(Buffer.concat([moving(main, head), pack()]))
  t.match(text, /another push to "hello" went through while this one arrived/)
  t.equal(world.controller.builds.length, length)
})

/** A push that has seen the refs and takes its time. */
function spawnSlow(world: World) {
  const [file = '', ...args] = world.sshArgv([receive])
  const child = spawn(file, args, { stdio: 'pipe' })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  const closed = once(child, 'close')
  return {
    greeted: until(() => text.includes('0000')),
    finish: async (bytes: Buffer): Promise<{ text: string }> => {
      child.stdin.end(bytes)
      await closed
      return { text }
    },
  }
}

t.test('silent connections and noise before a log-in keep nobody out', async (t) => {
  const town = await openTown(t)
  const { world } = town
  const sockets: Socket[] = []
  t.teardown(() => sockets.forEach((socket) => socket.destroy()))
  for (let n = 0; n < 200; n += 1) {
    const socket = connect(world.builder.sshPort, '127.0.0.1')
    socket.on('error', () => undefined)
    sockets.push(socket)
  }
  await until(() => sockets.filter((socket) => !socket.destroyed).length <= 20)
  await new Promise((resolve) => setTimeout(resolve, 2200))
  await goesOn(t, town)
  for (const noise of [
    randomBytes(200_000),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(70_000),
  ]) {
    const socket = connect(world.builder.sshPort, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume().write(noise)
    await once(socket, 'close')
  }
  const halfway = connect(world.builder.sshPort, '127.0.0.1')
  sockets.push(halfway.on('error', () => undefined).resume())
  halfway.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), randomBytes(50_000)]))
  await once(halfway, 'close')
  await goesOn(t, town)
})
