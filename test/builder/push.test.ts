import t from 'tap'
import { app, builds, hang, openWorld, pushTwo, refsOf, Repo, until } from './fixture.ts'

t.test('a push to main is built, released and moves the ref', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  const { code, text } = await repo.push('hello', 'main')
  t.equal(code, 0, text)
  const head = await repo.head()
  t.strictSame(await refsOf(world, 'hello'), { 'refs/heads/main': head })
  const short = head.slice(0, 7)
  t.match(text, `remote: -----> Receiving hello main ${short} (by alice@example.com)`)
  t.match(text, 'remote: -----> Node.js app detected')
  t.match(text, /remote: -----> Compiled slug .* in /)
  t.match(text, 'remote: -----> Releasing v1')
  t.match(text, 'remote: -----> Deploying web x1')
  t.match(text, /remote: success: v1 is live at http:\/\/hello\.localhost:8080\/ \(.*s\)/)

  const [build] = world.controller.builds
  t.match(build, { branch: 'main', commit: head, description: 'A change' })
  t.match(build?.result, {
    status: 'succeeded',
    slug: { buildpack: 'Node.js', stack: 'slipway-12', process_types: { web: 'node server.js' } },
  })
  await until(() => (build?.output ?? '').includes('success: v1 is live'))
  t.match(build?.output, /^-----> Receiving hello main/)
})

t.test('a build that fails refuses the push and moves no ref', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.sandbox = builds(undefined, { stage: 'compile' }, 1)
  const repo = await Repo.make(world)
  const { code, text } = await repo.push('hello', 'main')
  t.not(code, 0)
  t.match(text, 'remote: error: the build failed: compile of Node.js ended with exit code 1')
  t.match(text, 'remote: hint: ')
  t.match(text, '[remote rejected] main -> main')
  t.strictSame(await refsOf(world, 'hello'), {})
  t.strictSame(world.controller.builds[0]?.result, { status: 'failed', stage: 'compile' })
})

t.test('a deployment that fails refuses the push and says what keeps serving', async (t) => {
  const world = await openWorld(t)
  const checkout = world.controller.addApp('hello', world.alice)
  Object.assign(world.controller.apps.get('hello') ?? {}, { ...checkout, version: 11 })
  world.controller.deployment = {
    state: 'failed',
    live: false,
    failure: 'web.1 crashed',
    version: 12,
  }
  const repo = await Repo.make(world)
  const { code, text } = await repo.push('hello', 'main')
  t.not(code, 0)
  t.match(text, 'remote: error: web.1 crashed')
  t.match(text, 'v11 keeps serving')
  t.match(text, 'remote: hint: See its output: app logs -a hello')
  t.strictSame(await refsOf(world, 'hello'), {})
})

t.test('another branch is stored, with how to deploy it; so is a tag', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  const { code, text } = await repo.push('hello', 'main:feature')
  t.equal(code, 0, text)
  t.match(
    text,
    'remote: hint: feature is stored and not deployed. To deploy it: git push deis feature:main',
  )
  await repo.git('tag', 'v1')
  t.equal((await repo.push('hello', 'v1')).code, 0)
  const refs = await refsOf(world, 'hello')
  t.strictSame(Object.keys(refs), ['refs/heads/feature', 'refs/tags/v1'])
  t.equal((await repo.push('hello', ':feature')).code, 0, 'and can be deleted')
  t.equal(world.controller.builds.length, 0)
})

t.test('main stays: it cannot be deleted, but be forced elsewhere', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  await repo.push('hello', 'main')
  const deleted = await repo.push('hello', ':main')
  t.not(deleted.code, 0)
  t.match(deleted.text, 'remote: error: main deploys and stays')

  await repo.git('commit', '--amend', '-q', '-m', 'Another history')
  const plain = await repo.push('hello', 'main')
  t.not(plain.code, 0)
  const forced = await repo.push('hello', '+main')
  t.equal(forced.code, 0, forced.text)
  t.strictSame(await refsOf(world, 'hello'), { 'refs/heads/main': await repo.head() })
})

t.test('two deploying branches in one push are refused; refs of other kinds too', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  t.match((await repo.push('hello', 'main', 'main:master')).text, 'can deploy one branch only')
  t.match((await repo.push('hello', 'main:refs/notes/x')).text, 'neither a branch nor a tag')
  t.strictSame(await refsOf(world, 'hello'), {})
})

t.test('a commit without files says what would be built', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, {})
  const { code, text } = await repo.push('hello', 'main')
  t.not(code, 0)
  t.match(text, 'remote: error: the commit holds no files')
  t.match(text, 'package.json, Procfile, Dockerfile')
})

t.test('a repository nothing is detected in says what is supported', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.sandbox = builds(undefined, { stage: 'detect', buildpack: '', pack: '' }, 1)
  const repo = await Repo.make(world, { 'main.f90': 'end\n' })
  const { text } = await repo.push('hello', 'main')
  t.match(text, 'remote: error: no app was found in this repository')
  t.match(text, 'Slipway builds Node.js (package.json), or anything with a Dockerfile.')
})

t.test('an unchanged tree is not built again', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  await repo.push('hello', 'main')
  await repo.commit({}, 'Nothing')
  const { code, text } = await repo.push('hello', 'main')
  t.equal(code, 0, text)
  t.match(text, 'Nothing changed since it was built last: using the same Node.js slug')
  t.equal(world.sandboxes.length, 1)
  const [first, second] = world.controller.builds
  t.strictSame(second?.result?.slug, first?.result?.slug)
})

t.test('a second push to the same app is refused at once, by the name of the first', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const go = Promise.withResolvers<void>()
  world.sandbox = builds(() => go.promise)
  const repo = await Repo.make(world)
  const first = repo.push('hello', 'main')
  await until(() => world.sandboxes.length === 1)
  const second = await (await Repo.make(world)).push('hello', 'main')
  t.not(second.code, 0)
  t.match(second.text, /error: Another push to "hello" is being built since \d+ s, by alice@/)
  go.resolve()
  t.equal((await first).code, 0)
})

t.test('pushes to several apps wait for their turn and hear their place', async (t) => {
  const world = await openWorld(t)
  const { first, second, go } = await pushTwo(world)
  t.equal(world.sandboxes.length, 1)
  go()
  t.equal((await first).code, 0)
  t.equal((await second).code, 0)
})

t.test('Ctrl-C cancels the build, frees the app and moves no ref', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const killed = hang(world)
  const repo = await Repo.make(world)
  const { child, ended } = repo.startPush('hello', 'main')
  await until(() => world.sandboxes.length === 1)
  process.kill(-(child.pid ?? 0), 'SIGINT')
  await ended
  await killed
  await until(() => world.controller.builds[0]?.result !== null)
  t.strictSame(world.controller.builds[0]?.result, { status: 'cancelled', stage: 'cancelled' })
  t.strictSame(await refsOf(world, 'hello'), {})
  world.sandbox = builds()
  await until(() => world.sandboxes.length === 1)
  t.equal((await repo.push('hello', 'main')).code, 0, 'and the next push goes through')
})

t.test('who leaves after the release was made cancels nothing', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.controller.deployment = { state: 'starting', live: false, done: false }
  const repo = await Repo.make(world)
  const { child, ended } = repo.startPush('hello', 'main')
  await until(
    () => world.controller.builds[0]?.result !== null && world.controller.builds.length > 0,
  )
  process.kill(-(child.pid ?? 0), 'SIGINT')
  await ended
  world.controller.deployment = { state: 'draining', live: true }
  await until(() => (world.controller.builds[0]?.output ?? '').includes('success: v1 is live'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.strictSame(await refsOf(world, 'hello'), { 'refs/heads/main': await repo.head() })
})

t.test('a silent build says now and then that it goes on', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.sandbox = builds(() => new Promise((resolve) => setTimeout(resolve, 700)))
  const { text } = await (await Repo.make(world)).push('hello', 'main')
  t.match(text, /remote: {8}\.\.\. still at it \(\d+s\)/)
})

t.test('secrets of the config are hidden from what is shown and what is kept', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice, { API_KEY: 'hunter2-hunter2', SHORT: 'abc' })
  world.sandbox = async (spec, onOutput, signal) => {
    t.equal(spec.secrets['API_KEY'], 'hunter2-hunter2')
    t.notMatch(JSON.stringify({ ...spec, secrets: {} }), 'hunter2')
    onOutput(Buffer.from('key=hunter2-'))
    onOutput(Buffer.from('hunter2 abc\n'))
    return builds()(spec, onOutput, signal)
  }
  const { code, text } = await (await Repo.make(world)).push('hello', 'main')
  t.equal(code, 0, text)
  t.match(text, 'key=[hidden] abc')
  t.notMatch(text, 'hunter2')
  await until(() => (world.controller.builds[0]?.output ?? '').includes('is live'))
  t.notMatch(world.controller.builds[0]?.output, 'hunter2')
})

t.test('a wrong Procfile is refused with its line before anything is built', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world, { ...app, Procfile: 'web: node server.js\nworker\n' })
  const { text } = await repo.push('hello', 'main')
  t.match(text, 'remote: error: line 2 of the Procfile has no colon')
  t.equal(world.sandboxes.length, 0)
  await repo.commit({ Procfile: 'worker: node work.js\n' })
  await repo.push('hello', 'main')
  const types = world.controller.builds[1]?.result?.slug?.process_types
  t.strictSame(types, { web: 'node server.js', worker: 'node work.js' })
})

t.test('without a controller a push is refused with a sentence', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  await world.controller.close()
  const { code, text } = await repo.push('hello', 'main')
  t.not(code, 0)
  t.match(text, /error: The controller cannot be reached \(ECONNREFUSED\)\./)
  t.match(text, 'hint: It restarts by itself')
})

t.test('a controller that restarts while a deployment is followed is waited for', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.controller.deployment = { state: 'starting', live: false, done: false }
  const pushed = (await Repo.make(world)).push('hello', 'main')
  await until(() => world.controller.builds.at(0)?.result?.status === 'succeeded')
  const { port } = world.controller
  await world.controller.close()
  await new Promise((resolve) => setTimeout(resolve, 300))
  world.controller.deployment = { state: 'draining', live: true }
  await world.controller.listen(port)
  const { code, text } = await pushed
  t.equal(code, 0, text)
})

t.test('too little disk refuses a build early, with numbers', async (t) => {
  const world = await openWorld(t, { SLIPWAY_BUILD_FREE_DISK: '900000G' })
  world.controller.addApp('hello', world.alice)
  const { text } = await (await Repo.make(world)).push('hello', 'main')
  t.match(text, /remote: error: only .*B of disk are free, a build needs 9\d\d\.\d TB/)
  t.equal(world.sandboxes.length, 0)
})

t.test('a builder that stops ends builds with a sentence and clears up', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.sandbox = (_spec, _onOutput, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  const repo = await Repo.make(world)
  const pushed = repo.push('hello', 'main')
  await until(() => world.sandboxes.length === 1)
  await world.restart()
  const { code, text } = await pushed
  t.not(code, 0)
  t.match(text, 'remote: error: Slipway is being restarted')
  t.match(world.controller.builds[0]?.result, { status: 'cancelled' })
  world.sandbox = builds()
  t.equal((await repo.push('hello', 'main')).code, 0)
})
