import { readFileSync, readdirSync } from 'node:fs'
import t from 'tap'
import { cancelRunning } from '#contract/builder.ts'
import { call } from '#contract/call.ts'
import { openWorld, Repo, run, until, type World } from './fixture.ts'
import { startReal } from './real.ts'

const instance = 'limitstest'
const stack = 'FROM slipway-12:run\n'

/** An app whose build runs a script. */
function building(script: string): Record<string, string> {
  const scripts = { build: 'node limited.js', start: 'node server.js' }
  const manifest = JSON.stringify({ name: 'hello', version: '1.0.0', scripts })
  const lock = { name: 'hello', version: '1.0.0', lockfileVersion: 3, packages: {} }
  return {
    'package.json': manifest,
    'package-lock.json': JSON.stringify(lock),
    'server.js': '',
    'limited.js': script,
  }
}

const hangs = "console.log('it began'); setInterval(() => {}, 1000)"

function isIn(output: string, text: string | RegExp): boolean {
  return typeof text === 'string' ? output.includes(text) : text.test(output)
}

function outputOf(world: World): string {
  return world.controller.builds.at(-1)?.output ?? ''
}

t.test('what a build may take, and how it is ended', async (t) => {
  const world = await openWorld(t)
  const subnet = '10.217.253.64/26'
  const limits = { SLIPWAY_BUILD_MEMORY: '300M', SLIPWAY_BUILD_PIDS: '200' }
  const real = await startReal(t, world, { instance, subnet, ...limits })
  let builds = 0
  /** Waits until the last build that was pushed printed something. */
  const says = (text: string | RegExp): Promise<void> =>
    until(() => world.controller.builds.length === builds && isIn(outputOf(world), text), 60_000)
  const push = async (name: string, files: Record<string, string>, vars = {}) => {
    builds += 1
    if (!world.controller.apps.has(name)) world.controller.addApp(name, world.alice, vars)
    return real.push(await Repo.make(world, files), name)
  }

  // The first build fetches the runtime.
  const first = await (await push('first', building(''))).ended
  t.equal(first.code, 0, first.text)

  await t.test('Ctrl-C of the push ends what runs in the container', async (t) => {
    const { child, ended } = await push('gone', building(hangs))
    await says('it began')
    t.ok(isRunning('limited.js'))
    process.kill(-(child.pid ?? 0), 'SIGINT')
    await ended
    await until(() => !isRunning('limited.js'), 10_000)
    await until(() => world.controller.builds.at(-1)?.result?.status === 'cancelled')
  })

  await t.test('so does cancelling the build, of a Dockerfile too', async (t) => {
    const peer = { url: `http://127.0.0.1:${real.httpPort}`, token: 'test-token', program: '' }
    const cancel = async (): Promise<string> => {
      const params = { build: world.controller.builds.at(-1)?.id ?? '' }
      return (await call(peer, cancelRunning, { params, body: { by: 'bob' } })).end
    }
    const packs = await push('packs', building(hangs))
    await says('it began')
    t.equal(await cancel(), 'cancelled')
    t.match((await packs.ended).text, 'error: the build was cancelled by bob')
    await until(() => !isRunning('limited.js'), 10_000)

    const Dockerfile = `${stack}RUN echo it began && sleep 4242\n`
    const image = await push('image', { Dockerfile })
    await says(/^it began$/m)
    t.equal(await cancel(), 'cancelled')
    t.match((await image.ended).text, 'error: the build was cancelled by bob')
    await until(() => !isRunning('sleep\x004242'), 10_000)
  })

  await t.test('a build that takes too much memory is told so', async (t) => {
    const bomb = 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1))'
    const { text } = await (await push('bomb', building(bomb))).ended
    const step = 'RUN bash -o pipefail -c "head -c 900000000 /dev/zero | tail"\n'
    const image = await (await push('imagebomb', { Dockerfile: `${stack}${step}` })).ended
    for (const said of [text, image.text]) {
      t.match(said, /error: the build needed more than 3\d\d\.\d MB of memory/)
      t.match(said, 'SLIPWAY_BUILD_MEMORY')
    }
  })

  await t.test(
    'a fork bomb and a flood of output end as failures; the next build is built',
    async (t) => {
      const forks = `
      const { spawn } = require('child_process')
      let left = 1000
      const fork = () => { for (let n = 0; n < 5; n++) spawn('sleep', ['60']).on('error', fail) }
      const fail = (error) => { console.log(error.code); process.exit(9) }
      setInterval(fork, 5)`
      const bomb = await (await push('forks', building(forks))).ended
      t.match(bomb.text, /EAGAIN[^]*error: the build failed: compile of Node\.js/)
      t.notOk(isRunning('sleep\x0060'))
      const flood = "for (let n = 0; n < 20000; n++) console.log('flood'.repeat(200))"
      const { code, text } = await (await push('flood', building(flood))).ended
      t.equal(code, 0, text.slice(-500))
      t.match(text, 'of output; the rest is left out')
      t.ok(text.length < 12e6)
    },
  )

  await t.test('secrets that a build prints are nowhere to be found', async (t) => {
    const secret = 'correct-horse/battery+staple=9'
    const url = `postgres://shop:${encodeURIComponent(secret)}@db.example.com/shop`
    const leak = `
      const secret = process.env.API_KEY
      console.log('leaking', secret, Buffer.from('x' + secret).toString('base64'))
      console.log(encodeURIComponent(secret), process.env.DATABASE_URL, JSON.stringify(process.env))
      console.log(Buffer.from(JSON.stringify(process.env)).toString('base64').replace(/.{76}/g, '$&\\n'))
      process.stdout.write(secret.slice(0, 9))
      setTimeout(() => console.log(secret.slice(9)), 50)
      setTimeout(() => console.log('leaked'), 1500)`
    const { ended } = await push('leak', building(leak), { API_KEY: secret, DATABASE_URL: url })
    await says('leaking')
    const names = (await real.docker('ps', '-aq')).trim().split('\n')
    const known = [await real.docker('inspect', ...names), argvOfAll(), real.log()]
    const { code, text } = await ended
    t.equal(code, 0, text)
    t.match(text, 'leaking [hidden]')
    const needles = needlesOf(secret)
    for (const place of [...known, text, outputOf(world), real.log(), argvOfAll()]) {
      for (const needle of needles) t.notOk(place.includes(needle), needle)
    }
    const args = needles.flatMap((needle) => ['-e', needle])
    const found = await run('/', ['grep', '-rlaF', ...args, real.state])
    t.equal(found.text, '', 'not in slugs, layers, caches, archives, records, repositories')
  })
})

/** Enough of a secret to be worth something, in each of its clothes. */
function needlesOf(secret: string): string[] {
  const whole = Buffer.from(secret).toString('base64').slice(0, 20)
  const moved = [1, 2].map((n) =>
    Buffer.from('x'.repeat(n) + secret)
      .toString('base64')
      .slice(4, 24),
  )
  return [secret, secret.slice(0, 12), encodeURIComponent(secret), whole, ...moved]
}

function isRunning(words: string): boolean {
  return argvOfAll().includes(words)
}

function argvOfAll(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => read(`/proc/${pid}/cmdline`)).join('\n')
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
