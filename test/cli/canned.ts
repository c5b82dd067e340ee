import type { Account, Authorization, Key } from '#contract/account.ts'
import * as account from '#contract/account.ts'
import type { App } from '#contract/app.ts'
import * as app from '#contract/app.ts'
import type { Build } from '#contract/build.ts'
import * as build from '#contract/build.ts'
import { failure } from '#contract/error.ts'
import * as log from '#contract/log.ts'
import type { Dyno, Formation } from '#contract/process.ts'
import * as process from '#contract/process.ts'
import type { Deployment, Release } from '#contract/release.ts'
import * as release from '#contract/release.ts'
import type { FakeServer } from './fake-server.ts'

/** A platform with one user and one app, `shop`, at v3. */

export const token = 'slw-token-of-ada'
export const password = 'correct horse battery'
const at = '2026-01-31T10:00:00.000Z'
const uuid = (digit: string): string => `${digit.repeat(8)}-1111-4111-8111-111111111111`
const ada = { id: uuid('a'), email: 'ada@example.com' }
const shop = { id: uuid('b'), name: 'shop' }

const someAccount: Account = { ...ada, admin: true, created_at: at }

const someKey: Key = {
  id: uuid('c'),
  comment: 'ada@laptop',
  fingerprint: 'SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE',
  public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFake ada@laptop',
  email: ada.email,
  created_at: at,
}

const someAuthorization: Authorization = {
  id: uuid('d'),
  description: 'app on a test',
  access_token: { token, expires_in: 2_592_000 },
  user: ada,
  created_at: at,
}

const someApp: App = {
  ...shop,
  owner: ada,
  git_url: 'ssh://git@127.0.0.1:2222/shop.git',
  web_url: 'http://shop.localhost:8080/',
  stack: { name: 'slipway-12' },
  environment: { id: uuid('e'), name: 'production' },
  created_at: at,
  updated_at: at,
  released_at: at,
  slug_size: 18_400_000,
}

export const someRelease = (version: number, change: Partial<Release> = {}): Release => ({
  id: uuid(String(version % 10)),
  version,
  description: `Deploy ${version}`,
  status: 'succeeded',
  current: version === 3,
  app: shop,
  environment: someApp.environment,
  slug: { id: uuid('f'), digest: 'sha256:1234', commit: '1a2b3c4d'.repeat(5) },
  process_types: { web: 'node server.js' },
  config_keys: ['COLOUR'],
  user: ada,
  failure: null,
  created_at: at,
  updated_at: at,
  ...change,
})

export const someDeployment = (version: number, change: Partial<Deployment> = {}): Deployment => ({
  id: uuid('8'),
  version,
  state: 'succeeded',
  live: true,
  done: true,
  failure: null,
  journal: [
    { seq: 1, at, kind: 'step', text: 'Deploying web x1' },
    { seq: 2, at, kind: 'text', text: 'web.1 healthy (0.4 s)' },
  ],
  ...change,
})

export const someBuild: Build = {
  id: '1a2b3c4d-1111-4111-8111-111111111111',
  app: { id: shop.id },
  status: 'succeeded',
  commit: '1a2b3c4d'.repeat(5),
  branch: 'main',
  stack: 'slipway-12',
  stage: null,
  output_stream_url: '/streams/build',
  slug: { id: uuid('f') },
  release: { id: uuid('3'), version: 3 },
  user: ada,
  created_at: at,
  updated_at: at,
}

const someFormation = (type: string, quantity: number): Formation => ({
  type,
  command: `node ${type}.js`,
  quantity,
  size: '512M',
  app: shop,
})

export const someDyno = (name: string, change: Partial<Dyno> = {}): Dyno => ({
  id: `slw-shop-${name}`,
  name,
  type: name.split('.')[0] ?? name,
  command: 'node server.js',
  state: 'up',
  release: { id: uuid('3'), version: 3 },
  app: shop,
  attach_url: null,
  created_at: at,
  updated_at: at,
  ...change,
})

/** Answers every endpoint a command uses. A test says otherwise where it wants something else. */
export function answerAll(fake: FakeServer): void {
  const config = { COLOUR: 'blue', GREETING: "it's\nfine" }
  fake.on(account.logIn, ({ headers }) => {
    const basic = Buffer.from(`${ada.email}:${password}`).toString('base64')
    if (headers.authorization !== `Basic ${basic}`) throw failure('LOGIN_WRONG', {})
    return { body: someAuthorization }
  })
  fake.on(account.whoAmI, ({ headers }) => {
    if (headers.authorization !== `Bearer ${token}`) throw failure('UNAUTHORIZED', {})
    return { body: someAccount }
  })
  fake.on(account.logOut, () => ({}))
  fake.on(account.listKeys, () => ({ body: [someKey] }))
  fake.on(account.addKey, () => ({ body: someKey }))
  fake.on(account.removeKey, () => ({ body: someKey }))
  fake.on(account.addUser, () => ({ body: { ...someAccount, email: 'bo@example.com' } }))
  fake.on(app.createApp, () => ({ body: someApp }))
  fake.on(app.listApps, () => ({ body: [someApp] }))
  fake.on(app.getApp, ({ params }) => {
    if (params['app'] !== 'shop') throw failure('APP_NOT_FOUND', { app: params['app'] ?? '' })
    return { body: someApp }
  })
  fake.on(app.destroyApp, () => ({ body: someApp }))
  fake.on(app.getConfig, () => ({ body: config }))
  fake.on(app.setConfig, () => ({ body: config, headers: { 'slipway-release': '4' } }))
  fake.on(build.listBuilds, () => ({ body: [someBuild] }))
  fake.on(build.getBuild, () => ({ body: someBuild }))
  fake.onPath('/streams/build', (_request, response) => void response.end('-----> Building\nok\n'))
  fake.on(release.listReleases, () => ({ body: [3, 2, 1].map((version) => someRelease(version)) }))
  fake.on(release.getRelease, () => ({ body: someRelease(3) }))
  fake.on(release.rollBack, () => ({ body: someRelease(4) }))
  fake.on(release.followDeployment, ({ params }) => ({
    body: someDeployment(Number(params['release'])),
  }))
  fake.on(process.listFormation, () => ({
    body: [someFormation('web', 1), someFormation('worker', 0)],
  }))
  fake.on(process.scale, () => ({ body: [someFormation('web', 2)] }))
  fake.on(process.listDynos, () => ({ body: [someDyno('web.1'), someDyno('web.2')] }))
  fake.on(process.restartAll, () => ({ body: { version: 3 } }))
  fake.on(process.restartOne, () => ({ body: { version: 3 } }))
  fake.on(process.runDyno, () => ({
    body: someDyno('run.4821', { attach_url: `${fake.url}/attach/once` }),
  }))
  fake.on(log.openLog, () => ({ body: { id: uuid('9'), logplex_url: `${fake.url}/streams/log` } }))
  fake.onPath('/streams/log', (_request, response) => {
    response.end(`${at} app[web.1]: hello\n\n${at} slipway[deploy]: v3 is live\n`)
  })
}
