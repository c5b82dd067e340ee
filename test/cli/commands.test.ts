import t from 'tap'
import { destroyApp, setConfig } from '#contract/app.ts'
import { openLog } from '#contract/log.ts'
import { listDynos, restartOne, runDyno, scale } from '#contract/process.ts'
import { rollBack } from '#contract/release.ts'
import { openDesk } from './app.ts'
import { someDyno, someRelease } from './canned.ts'

/** A call, what it prints as data, and what it tells on the side. */
const calls: [words: string, stdout: RegExp, stderr: RegExp][] = [
  ['whoami', /^ada@example\.com\n$/, /^$/],
  ['keys', /^NAME +FINGERPRINT +ADDED\nada@laptop +SHA256:mVP.+\n$/, /^$/],
  ['keys:remove SHA256:x/y', /^$/, /^Removed ada@laptop \(SHA256:/],
  ['apps', /^NAME +ADDRESS +OWNER +RELEASED\nshop +http:\/\/shop\.localhost:8080\/ +ada/, /^$/],
  ['list', /^NAME/, /^$/],
  ['apps:list', /^NAME/, /^$/],
  ['info -a shop', /^Name: +shop\n.+\nSlug: +18\.4 MB\n$/s, /^$/],
  ['apps:info -a shop', /^Name: +shop\n/, /^$/],
  ['open -a shop --print', /^http:\/\/shop\.localhost:8080\/\n$/, /^$/],
  ['open -a shop', /^http:\/\/shop\.localhost:8080\/\n$/, /^$/],
  ['config -a shop', /^COLOUR=blue\nGREETING='it'\\''s\nfine'\n$/, /^$/],
  ['config:get COLOUR -a shop', /^blue\n$/, /^$/],
  ['config get COLOUR -a shop', /^blue\n$/, /^$/],
  ['-a shop config get COLOUR', /^blue\n$/, /^$/],
  ['config:unset COLOUR -a shop', /^$/, /^Unset COLOUR of "shop"; this is v4\.\n/],
  [
    'ps -a shop',
    /^NAME +STATE +RELEASE +AGE +COMMAND\nweb\.1 +up +v3 .+\nworker +scaled to 0/s,
    /^$/,
  ],
  ['ps:scale -a shop', /^web=1\nworker=0\n$/, /^$/],
  ['ps scale web=2 -a shop', /^$/, /^Scaling "shop" to web=2\.\nsuccess: web=2\n$/],
  [
    'ps:restart -a shop',
    /^$/,
    /^Restarting "shop" \(v3\)\.\n-----> Deploying.+success: v3 is live/s,
  ],
  [
    'releases -a shop',
    /^ +VERSION.+\n\* +v3 +current +Deploy 3 +ada@example\.com +.+\n +v2 /,
    /^$/,
  ],
  [
    'releases:info v3 -a shop',
    /^Release: +v3 of shop\n.+ {2}web +node server\.js\n$|web: +node/s,
    /^$/,
  ],
  [
    'releases:info v3 -a shop',
    /\nReceipt: +4,312 served, 12 held \(longest 1\.2 s\), 0 failed; errors of the app itself: 1\n/,
    /^$/,
  ],
  ['rollback v2 -a shop --no-wait', /^$/, /^Rolling "shop" back to v2; this is v4\.\n$/],
  ['logs -a shop', /^2026-01-31T10:00:00\.000Z app\[web\.1\]: hello\n2026.+\n$/, /^$/],
  ['builds -a shop', /^BUILD .+\n1a2b3c4d +succeeded +1a2b3c4d +main +v3 +ada/, /^$/],
  ['builds:output -a shop', /^-----> Building\nok\n$/, /^$/],
  ['run -d sleep 5 -a shop', /^run\.4821\n$/, /^It runs\./],
  ['version', /^slipway \d+\.\d+\.\d+ \(node v/, /^$/],
  ['--version', /^slipway /, /^$/],
]

t.test('every command prints its data on standard output and its messages beside it', async (t) => {
  const desk = await openDesk(t)
  for (const [words, stdout, stderr] of calls) {
    const got = await desk.app(words.split(' '), { env: { DEIS_APP: 'shop' } })
    t.match(got, { code: 0, stdout, stderr }, `app ${words}`)
  }
})

t.test('--json prints one document in the shape of the API', async (t) => {
  const desk = await openDesk(t)
  for (const words of [
    'whoami',
    'keys',
    'apps',
    'info',
    'open',
    'config',
    'config:get COLOUR',
    'config:set COLOUR=red',
    'ps',
    'ps:scale',
    'ps:scale web=2',
    'ps:restart',
    'releases',
    'releases:info',
    'rollback',
    'builds',
    'create',
    'run --detach sleep',
    'version',
  ]) {
    const got = await desk.app(
      [...words.split(' ').slice(0, 1), '--json', ...words.split(' ').slice(1)],
      {
        env: { DEIS_APP: 'shop' },
      },
    )
    t.equal(got.code, 0, `app ${words} --json: ${got.stderr}`)
    t.doesNotThrow(() => JSON.parse(got.stdout) as unknown, `app ${words} --json`)
  }
  const release = await desk.app(['releases:info', '--json', '-a', 'shop'])
  t.same(JSON.parse(release.stdout), someRelease(3))
})

t.test('releases:info tells the health checks of a release', async (t) => {
  const desk = await openDesk(t)
  const { stdout } = await desk.app(['releases:info', 'v3', '-a', 'shop'])
  t.match(stdout, /^Health checks:\n {2}check 1: +3 s of uptime \(warm\)\n/m)
  t.match(stdout, /^ {2}check 2: +while it serves: `bin\/check`, 3 tries of 5 s$/m)
})

t.test('releases:info shows a release of a controller that knows no health checks', async (t) => {
  const desk = await openDesk(t)
  const { health_checks: _, ...body } = someRelease(3)
  const path = '/apps/shop/releases/3'
  desk.fake.onPath(path, (_, response) => void response.end(JSON.stringify(body)))
  const got = await desk.app(['releases:info', 'v3', '-a', 'shop'])
  t.match(got, { code: 0, stdout: /^Release: +v3 of shop\n/ })
})

t.test('--json of a stream prints a document for each line', async (t) => {
  const desk = await openDesk(t)
  const { stdout } = await desk.app(['logs', '-a', 'shop', '--json'])
  t.same(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [
      { at: '2026-01-31T10:00:00.000Z', source: 'app', dyno: 'web.1', text: 'hello' },
      { at: '2026-01-31T10:00:00.000Z', source: 'slipway', dyno: 'deploy', text: 'v3 is live' },
    ],
  )
})

t.test('an error with --json is the API body on standard error, with its request id', async (t) => {
  const desk = await openDesk(t)
  const { code, stdout, stderr } = await desk.app(['info', '-a', 'nosuch', '--json'])
  t.equal(code, 4)
  t.equal(stdout, '')
  t.match(JSON.parse(stderr), {
    id: 'not_found',
    code: 'APP_NOT_FOUND',
    hint: /app create nosuch/,
    request_id: 'request-1',
  })
})

t.test('config:set takes values from the line, from files and from standard input', async (t) => {
  const desk = await openDesk(t)
  const words = ['config:set', 'A=1=2@x', 'B@-', 'C=', '-a', 'shop', '--no-wait']
  const got = await desk.app(words, { input: 'hunter2\nline two\n' })
  t.match(got, { code: 0, stdout: '', stderr: /^Set A, B, C of "shop"; this is v4\.\n$/ })
  t.same(desk.fake.last(setConfig)?.body, { A: '1=2@x', B: 'hunter2\nline two', C: '' })
})

t.test('a pair that is none is refused without repeating it', async (t) => {
  const desk = await openDesk(t)
  const got = await desk.app(['config:set', 'pa ss word', '-a', 'shop'])
  t.match(got, { code: 2, stderr: /^error: One of them is no pair: write KEY=value\.\nhint: / })
  t.notMatch(got.stderr, 'pa ss')
})

t.test('config:set that changes nothing says that no release was made', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(setConfig, () => ({ body: {} }))
  const got = await desk.app(['config:set', 'A=1', '-a', 'shop'])
  t.match(got, { code: 0, stderr: 'Nothing changed, so no release was made.\n' })
})

t.test('rollback without a version goes to the release before the current one', async (t) => {
  const desk = await openDesk(t)
  t.match(await desk.app(['rollback', '-a', 'shop']), { code: 0, stderr: /back to v2; this is v4/ })
  t.same(desk.fake.last(rollBack)?.body, { release: '2' })
})

t.test('ps:scale waits until as many copies are up', async (t) => {
  const desk = await openDesk(t)
  let asked = 0
  desk.fake.on(listDynos, () => {
    asked += 1
    const second = someDyno('web.2', { state: asked > 2 ? 'up' : 'starting' })
    return { body: [someDyno('web.1'), second] }
  })
  const got = await desk.app(['ps:scale', 'web=2', '-a', 'shop'])
  t.match(got, { code: 0, stderr: /success: web=2\n$/ })
  t.equal(asked, 3)
  t.same(desk.fake.last(scale)?.body, { updates: [{ type: 'web', quantity: 2 }] })
})

t.test('ps:restart of one process waits until its successor is up', async (t) => {
  const desk = await openDesk(t)
  let isRestarted = false
  desk.fake.on(restartOne, () => {
    isRestarted = true
    return { body: { version: 3 } }
  })
  desk.fake.on(listDynos, () => ({
    body: [someDyno('web.1', isRestarted ? { created_at: '2026-01-31T11:00:00.000Z' } : {})],
  }))
  const got = await desk.app(['ps:restart', 'web.1', '-a', 'shop'])
  t.match(got, { code: 0, stderr: 'Restarting web.1.\nsuccess: web.1 is up.\n' })
  t.match(await desk.app(['ps:restart', 'web.9', '-a', 'shop']), { code: 4 })
})

t.test('logs passes on which lines are wanted', async (t) => {
  const desk = await openDesk(t)
  await desk.app(['logs', '-n', '5', '-f', '-p', 'web.1', '-s', 'app', '-a', 'shop'])
  t.same(desk.fake.last(openLog)?.body, { lines: 5, tail: true, dyno: 'web.1', source: 'app' })
})

t.test('destroy wants the name once more, and forgets the git remote', async (t) => {
  const desk = await openDesk(t)
  await desk.git('init', '-q')
  await desk.git('remote', 'add', 'deis', 'ssh://git@127.0.0.1:2222/shop.git')
  const unsure = await desk.app(['destroy'])
  t.match(unsure, { code: 2, stderr: /--confirm shop/ })
  t.match(await desk.app(['destroy', '--confirm', 'sho']), { code: 2 })
  t.equal(desk.fake.last(destroyApp), undefined)
  const sure = await desk.app(['destroy', '--confirm', 'shop'])
  t.match(sure, { code: 0, stderr: /^Destroyed "shop".+\nRemoved the git remote "deis"\.\n$/ })
  t.equal(await desk.git('remote'), '')
})

t.test('run keeps words apart, and options after the command belong to it', async (t) => {
  const desk = await openDesk(t)
  await desk.app(['run', '-a', 'shop', '-e', 'A=1', '-d', 'ls', '-a', "it's here", '--json'])
  t.match(desk.fake.last(runDyno)?.body, {
    command: String.raw`ls -a 'it'\''s here' --json`,
    env: { A: '1' },
    attach: false,
  })
  await desk.app(['run', '-d', '-a', 'shop', 'ls | wc -l'])
  t.match(desk.fake.last(runDyno)?.body, { command: 'ls | wc -l' })
})
