import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { whoAmI } from '#contract/account.ts'
import { createApp, getApp, listApps, setConfig } from '#contract/app.ts'
import { getBuild } from '#contract/build.ts'
import { failure } from '#contract/error.ts'
import { listDynos } from '#contract/process.ts'
import { followDeployment } from '#contract/release.ts'
import { ended, openDesk } from './app.ts'
import { someBuild, someDeployment, someDyno } from './canned.ts'

t.test('0 and help when nothing is asked for', async (t) => {
  const desk = await openDesk(t)
  t.match(await desk.app([]), { code: 0, stdout: /^Push code, get a page/, stderr: '' })
})

t.test('1 when the server failed, with the hint it gave', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(listApps, () => {
    throw failure('INTERNAL', { request: 'r-7' })
  })
  t.match(await desk.app(['apps']), {
    code: 1,
    stdout: '',
    stderr: /^error: Something went wrong on our side\.\nhint: .+ r-7\.\n$/,
  })
})

t.test('2 when it was called wrongly, and what to type is near', async (t) => {
  const desk = await openDesk(t)
  const wrong: [words: string, stderr: RegExp][] = [
    ['confg', /^error: There is no command "confg"\.\nhint: Did you mean `app config`\?\n$/],
    ['relaeses', /Did you mean `app releases`\?/],
    ['config:gte A', /Did you mean `app config:get`\?/],
    ['xyzzy', /^error: There is no command "xyzzy"\.\nhint: See all of them: `app help`\.\n$/],
    ['apps --foo', /^error: Unknown option "--foo"\.\nhint: .+`app apps --help`/],
    ['config:set', /^error: Missing required argument "pairs"\./],
    ['whoami me', /^error: Too many arguments\. Expected 0/],
    ['ps:scale web=lots -a shop', /^error: "web=lots" is not TYPE=NUMBER/],
    ['logs -n many -a shop', /^error: "many" is not a number from 0 to 10000/],
    ['rollback twelve -a shop', /^error: "twelve" is not a release, such as v12/],
    ['keys:add nowhere.pub', /^error: nowhere\.pub cannot be read \(ENOENT\)/],
    ['info', /^error: Which app\? None is named, and there is no git remote "deis" here/],
    ['login --server ftp://x', /^error: "ftp:\/\/x" is not the address of a server/],
  ]
  for (const [words, stderr] of wrong) {
    t.match(await desk.app(words.split(' ')), { code: 2, stdout: '', stderr }, words)
  }
})

t.test('3 when not logged in, even when no server is there', async (t) => {
  const desk = await openDesk(t)
  const env = { DEIS_TOKEN: undefined, DEIS_URL: 'http://127.0.0.1:1' }
  t.match(await desk.app(['apps'], { env }), { code: 3, stderr: /hint: Log in: `app login`/ })
  t.match(await desk.app(['whoami'], { env: { DEIS_TOKEN: 'wrong' } }), { code: 3 })
  t.match(desk.fake.last(whoAmI)?.headers, { authorization: 'Bearer wrong' })
})

t.test('4 when it is not there', async (t) => {
  const desk = await openDesk(t)
  t.match(await desk.app(['info', '-a', 'nosuch']), { code: 4 })
  t.match(await desk.app(['config:get', 'NOPE', '-a', 'shop']), { code: 4, stdout: '' })
})

t.test('5 when the name is taken', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(createApp, () => {
    throw failure('APP_NAME_TAKEN', { name: 'shop' })
  })
  t.match(await desk.app(['create', 'shop']), { code: 5, stderr: /The name "shop" is taken/ })
})

t.test('6 when the build failed, after its output', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(getBuild, () => ({
    body: { ...someBuild, status: 'failed' as const, stage: 'compile' },
  }))
  t.match(await desk.app(['builds:output', '-a', 'shop']), {
    code: 6,
    stdout: '-----> Building\nok\n',
    stderr: /^error: The build of "shop" failed at the stage "compile"\./,
  })
})

t.test('7 when the release failed, with its reason and its own hint', async (t) => {
  const desk = await openDesk(t)
  const at = '2026-01-31T10:00:00.000Z'
  const journal = [
    { seq: 1, at, kind: 'step', text: 'Deploying web x1' },
    { seq: 2, at, kind: 'error', text: 'web.1 did not listen on $PORT (5000) in 60 s.' },
    { seq: 3, at, kind: 'hint', text: 'The app must listen on $PORT.' },
  ] as const
  desk.fake.on(followDeployment, () => ({
    body: someDeployment(4, {
      state: 'failed',
      live: false,
      failure: 'web.1 did not listen on $PORT (5000) in 60 s.',
      journal: [...journal],
    }),
  }))
  t.same(await desk.app(['config:set', 'A=1', '-a', 'shop']), {
    code: 7,
    stdout: '',
    stderr: [
      'Set A of "shop"; this is v4.',
      '-----> Deploying web x1',
      'error: web.1 did not listen on $PORT (5000) in 60 s.',
      'hint: The app must listen on $PORT.',
      '',
    ].join('\n'),
  })
})

t.test('7 when a process crashes while it is scaled up', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(listDynos, () => ({ body: [someDyno('web.1', { state: 'crashed' })] }))
  const got = await desk.app(['ps:scale', 'web=1', '-a', 'shop'])
  t.match(got, {
    code: 7,
    stderr: /error: web\.1 crashed\.\nhint: See its output: `app logs -a shop`/,
  })
})

t.test('8 when the server does not answer in time', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(getApp, async () => new Promise(() => undefined))
  t.match(await desk.app(['info', '-a', 'shop'], { env: { DEIS_TIMEOUT: '0.3' } }), {
    code: 8,
    stderr: /^error: The server at .+ took longer than 0\.3 s\.\nhint: /,
  })
})

t.test('9 when the server cannot be reached', async (t) => {
  const desk = await openDesk(t)
  await desk.fake.close()
  t.match(await desk.app(['apps']), {
    code: 9,
    stderr:
      /^error: The server at http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\.\nhint: /,
  })
})

t.test('130 when it is interrupted while it waits, without a word', async (t) => {
  const desk = await openDesk(t)
  const isAsked = Promise.withResolvers<void>()
  desk.fake.on(getApp, async () => {
    isAsked.resolve()
    return new Promise(() => undefined)
  })
  const child = desk.start(['info', '-a', 'shop'])
  const got = ended(child)
  await isAsked.promise
  child.kill('SIGINT')
  t.same(await got, { code: 130, stdout: '', stderr: '' })
})

t.test('130 when a deployment is no longer watched, and where it goes on', async (t) => {
  const desk = await openDesk(t)
  const isAsked = Promise.withResolvers<void>()
  desk.fake.on(followDeployment, async () => {
    isAsked.resolve()
    return new Promise(() => undefined)
  })
  const child = desk.start(['config:set', 'A=1', '-a', 'shop'])
  const got = ended(child)
  await isAsked.promise
  child.kill('SIGINT')
  t.match(await got, { code: 130, stderr: /hint: The deployment goes on: `app releases -a shop`/ })
})

t.test('a bug is one line, and the stack shows with DEBUG=1', async (t) => {
  const desk = await openDesk(t)
  // An answer no server of ours gives.
  desk.fake.onPath('/apps', (_request, response) => void response.end('{"no": "list"}'))
  const got = await desk.app(['apps'])
  t.equal(got.code, 1)
  t.match(got.stderr, /^error: This is a mistake in the command itself: .+\nhint: .+DEBUG=1.+\n$/)
  t.notMatch(got.stderr, /\n +at /)
  t.match((await desk.app(['apps'], { env: { DEBUG: '1' } })).stderr, /\n +at /)
})

t.test('a broken credentials file is named', async (t) => {
  const desk = await openDesk(t)
  await mkdir(join(desk.folder, '.config', 'slipway'), { recursive: true })
  await writeFile(join(desk.folder, '.config', 'slipway', 'credentials.json'), '{')
  const env = { DEIS_TOKEN: undefined, DEIS_URL: undefined }
  t.match(await desk.app(['apps'], { env }), { code: 1, stderr: /credentials\.json is not one of/ })
})

t.test('a release without code is made, and has nothing to deploy yet', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(followDeployment, () => {
    throw failure('NOTHING_DEPLOYED', { app: 'shop' })
  })
  const got = await desk.app(['config:set', 'A=1', '-a', 'shop'])
  t.match(got, { code: 0, stderr: /this is v4\.\nIt is deployed with the first push\.\n$/ })
})

t.test('a release that a newer one overtakes is no failure', async (t) => {
  const desk = await openDesk(t)
  const end = { state: 'superseded', live: false } as const
  desk.fake.on(followDeployment, () => ({ body: someDeployment(4, end) }))
  const got = await desk.app(['rollback', 'v2', '-a', 'shop'])
  t.match(got, { code: 0, stderr: /A newer release of "shop" took over from v4\./ })
})

t.test('a server that restarts while a deployment is watched is waited for', async (t) => {
  const desk = await openDesk(t)
  let asked = 0
  desk.fake.on(setConfig, () => ({ body: {}, headers: { 'slipway-release': 'v4' } }))
  desk.fake.on(followDeployment, () => {
    asked += 1
    if (asked === 1) throw failure('UNAVAILABLE', { program: 'controller', reason: 'restart' })
    return { body: someDeployment(4) }
  })
  const got = await desk.app(['config:set', 'A=1', '-a', 'shop'])
  t.match(got, { code: 0, stderr: /does not answer; waiting.+success: v4 is live/s })
})

t.test('nobody reading is no failure', async (t) => {
  const desk = await openDesk(t)
  const line = `${'x'.repeat(1000)}\n`
  desk.fake.onPath('/streams/log', (_request, response) => void response.end(line.repeat(5000)))
  const child = desk.start(['logs', '-a', 'shop'])
  child.stdout.once('data', () => child.stdout.destroy())
  const code = await new Promise((done) => child.on('close', done))
  t.equal(code, 0)
})
