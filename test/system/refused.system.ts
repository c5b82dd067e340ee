import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { addKey, addUser, logIn } from '#contract/account.ts'
import { createApp } from '#contract/app.ts'
import { listBuilds } from '#contract/build.ts'
import { call } from '#contract/call.ts'
import { git, sshWith } from '#scripts/platform/git.ts'
import { makeSshKey } from '#scripts/platform/keys.ts'
import { keyPath } from '#scripts/platform/settings.ts'
import { openPlatform, until } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

t.test('an app of somebody else and one that is not there get the same answer', async (t) => {
  const theirs = await slipway.newApp('static')
  const email = `bob-${randomBytes(3).toString('hex')}@example.com`
  const password = randomBytes(12).toString('hex')
  await slipway.call(addUser, { body: { email, password } })
  const { url, program } = slipway.admin.api
  const authorization = `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`
  const made = await call({ url, program }, logIn, { body: {}, headers: { authorization } })
  const key = keyPath(slipway.platform, `bob-${randomBytes(3).toString('hex')}`)
  makeSshKey(key, 'bob')
  const body = { public_key: readFileSync(`${key}.pub`, 'utf8') }
  await call({ url, program, token: made.access_token.token }, addKey, { body })

  const env = sshWith(slipway.platform, key)
  const push = async (name: string): Promise<string> => {
    const remote = `ssh://git@127.0.0.1:${slipway.platform.sshPort}/${name}.git`
    const end = await git(theirs.folder, ['push', remote, 'main'], { env })
    t.not(end.code, 0)
    return end.output.replaceAll(name, 'APP')
  }
  const [one, other] = [await push(theirs.name), await push('no-such-app')]
  t.equal(one, other)
  t.match(one, /There is no app "APP", or it is not yours/)
})

t.test('an app name out of grammar is refused with the grammar', async (t) => {
  await t.rejects(slipway.call(createApp, { body: { name: 'No_Good' } }), {
    code: 'APP_NAME_INVALID',
  })
})

t.test(
  'a second push to an app that is being built is refused, and the first goes on',
  async (t) => {
    const app = await slipway.newApp('node')
    await app.change('Procfile', 'release: sleep 3\nweb: npm start\n')
    const releasing = Promise.withResolvers<void>()
    const first = app.push('main', (text) => {
      if (text.includes('Receiving')) releasing.resolve()
    })
    await releasing.promise
    await app.commit('Second')
    const second = await app.push()
    t.not(second.code, 0)
    t.match(second.output, /Another push to ".*" is being built/)
    t.equal((await first).code, 0)
  },
)

t.test('Ctrl-C while it builds cancels the build and moves no ref', async (t) => {
  const app = await slipway.newApp('node', (folder) => {
    const path = join(folder, 'package.json')
    const json = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: object }
    const scripts = { ...json.scripts, build: 'echo building for long; sleep 120' }
    writeFileSync(path, JSON.stringify({ ...json, scripts }))
  })
  const { env } = { env: sshWith(slipway.platform, keyPath(slipway.platform, 'test_ed25519')) }
  const push = spawn('git', ['push', 'deis', 'main'], {
    cwd: app.folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let seen = ''
  push.stderr.setEncoding('utf8').on('data', (text: string) => (seen += text))
  await until('the build runs', () => seen.includes('building for long'), 120_000)
  process.kill(-(push.pid as number), 'SIGINT')
  await until('the build is cancelled', async () => {
    const [build] = await slipway.call(listBuilds, { params: { app: app.name } })
    return build?.status === 'cancelled'
  })
  t.equal((await app.git('ls-remote', 'deis')).output, '')
})

t.test('an empty repository and a deleted main are refused with what to do', async (t) => {
  const app = await slipway.newApp('static')
  t.equal((await app.push()).code, 0)
  const gone = await app.push(':main')
  t.not(gone.code, 0)
  t.match(gone.output, /hint: /)
  t.equal((await app.get()).status, 200)
})

t.test('another branch is stored and told how to deploy it', async (t) => {
  const app = await slipway.newApp('static')
  const push = await app.push('main:feature')
  t.equal(push.code, 0, push.output)
  t.match(push.output, /git push deis feature:main/)
  await until('the page says that nothing runs', async () => (await app.get()).status === 503)
})

t.test('what was pushed can be cloned and fetched', async (t) => {
  const app = await slipway.newApp('static')
  t.equal((await app.push()).code, 0)
  const fetched = await app.git('fetch', 'deis')
  t.equal(fetched.code, 0, fetched.output)
  const head = (await app.git('rev-parse', 'HEAD')).output
  t.equal((await app.git('rev-parse', 'deis/main')).output, head)
})
