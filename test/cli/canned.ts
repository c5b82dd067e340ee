import type { Account, Authorization, Key } from '#contract/account.ts'
import * as account from '#contract/account.ts'
import type { App } from '#contract/app.ts'
import * as app from '#contract/app.ts'
import type { Build } from '#contract/build.ts'
import * as build from '#contract/build.ts'
import * as buildpack from '#contract/buildpack.ts'
import type { AppRoute, Domain } from '#contract/domain.ts'
import * as domain from '#contract/domain.ts'
import type { EdgeSettings } from '#contract/edge.ts'
import * as edge from '#contract/edge.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import { failure } from '#contract/error.ts'
import * as log from '#contract/log.ts'
import type { Dyno, Formation } from '#contract/process.ts'
import * as process from '#contract/process.ts'
import type { Deployment, Release } from '#contract/release.ts'
import * as release from '#contract/release.ts'
import type { Explanation } from '#contract/why.ts'
import * as why from '#contract/why.ts'
import type { AutomaticCertificates, SniEndpoint } from '#contract/sni-endpoint.ts'
import * as sni from '#contract/sni-endpoint.ts'
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
  build_stack: { name: 'slipway-12' },
  environment: { id: uuid('e'), name: 'production' },
  created_at: at,
  updated_at: at,
  released_at: at,
  slug_size: 18_400_000,
  maintenance: false,
  root: null,
  dockerfile: null,
  dockerfile_target: null,
  acm: true,
}

type Chosen = BodyOf<typeof buildpack.setBuildpacks>
export const fonts = 'https://git.example.org/fonts.git#v2'
const installed = (urls: readonly string[]): buildpack.BuildpackInstallation[] =>
  urls.map((url, ordinal) => ({
    ordinal,
    buildpack: { url, name: buildpack.packLabel(url) },
  }))

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
  health_checks: [
    { kind: 'uptime', name: 'warm', uptime_s: 3 },
    {
      kind: 'command',
      type: 'liveness',
      name: null,
      attempts: 3,
      timeout_s: 5,
      wait_s: 10,
      delay_s: 0,
      command: 'bin/check',
    },
  ],
  config_keys: ['COLOUR'],
  user: ada,
  failure: null,
  receipt: {
    complete: true,
    served: 4312,
    held: 12,
    failed: 0,
    app_errors: 1,
    longest_hold_ms: 1234,
  },
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
  receipt: null,
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
  inputs: null,
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

export const someDomain = (hostname: string, change: Partial<Domain> = {}): Domain => ({
  id: uuid('6'),
  app: shop,
  hostname,
  kind: 'custom',
  cname: 'shop.localhost',
  status: 'pending',
  sni_endpoint: null,
  acm_status: null,
  acm_status_reason: null,
  created_at: at,
  updated_at: at,
  ...change,
})

const someRoute = (change: Partial<AppRoute> = {}): AppRoute => ({
  id: uuid('7'),
  host: 'shop.example.org',
  path: '/api',
  app: { id: uuid('5'), name: 'backend' },
  strip: true,
  redirect: null,
  created_at: at,
  ...change,
})

export const someEdge = (change: Partial<EdgeSettings> = {}): EdgeSettings => ({
  maintenance: false,
  maintenance_page: null,
  error_page: null,
  allow: [],
  auth: [],
  https: false,
  hsts: null,
  limits: {
    first_byte_ms: null,
    rolling_ms: null,
    body_limit: null,
    app_cap: null,
    instance_cap: null,
    queue: null,
    hold_ms: null,
  },
  ...change,
})

const someInstance = (name: string, inFlight: number): Explanation['instances'][number] => ({
  id: `slw-shop-${name}`,
  name,
  release: 3,
  host: '10.217.0.2',
  port: 8080,
  in_flight: inFlight,
  tunnels: 0,
  idle: 1,
  picked: inFlight === 0,
  ...(inFlight === 0 ? {} : { why_not: 'busier' as const }),
})

export const someExplanation = (change: Partial<Explanation> = {}): Explanation => ({
  url: 'https://shop.example.org/api/x?y=1',
  table: 7,
  host: 'shop.example.org',
  target: '/api/x?y=1',
  sent: '/x?y=1',
  rule: { host: 'shop.example.org', path: '/api', strip: true, site: 'shop/production' },
  app: shop,
  environment: someApp.environment,
  settings: {},
  release: { id: uuid('3'), version: 3, description: 'Deploy 1a2b3c4', created_at: at },
  in_flight: 2,
  instead: null,
  instances: [someInstance('web.1', 2), someInstance('web.2', 0)],
  certificate: {
    names: ['shop.example.org'],
    issuer: 'Pebble',
    expires_at: '2026-04-30T10:00:00.000Z',
  },
  ...change,
})

const someCertificate: SniEndpoint = {
  id: uuid('7'),
  name: 'cert-77777777',
  display_name: null,
  app: shop,
  certificate_chain: 'PEM',
  domains: ['shop.example.org'],
  ssl_cert: {
    id: uuid('7'),
    acm: true,
    'ca_signed?': true,
    'self_signed?': false,
    cert_domains: ['shop.example.org'],
    issuer: '/C=US/O=Example Trust/CN=E7',
    subject: '',
    starts_at: at,
    expires_at: '2126-01-31T10:00:00.000Z',
  },
  created_at: at,
  updated_at: at,
}

const someAutomatic: AutomaticCertificates = {
  acm: true,
  available: true,
  domains: [
    {
      hostname: 'shop.example.org',
      acm_status: 'ok',
      acm_status_reason: null,
      expires_at: someCertificate.ssl_cert.expires_at,
      next_at: at,
    },
    {
      hostname: 'www.example.org',
      acm_status: 'failing',
      acm_status_reason: 'www.example.org does not lead to this platform: nothing answers.',
      expires_at: null,
      next_at: at,
    },
  ],
}

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
  fake.on(app.updateApp, ({ body }) => ({ body: { ...someApp, ...(body as Partial<App>) } }))
  fake.on(app.destroyApp, () => ({ body: someApp }))
  fake.on(app.getConfig, () => ({ body: config }))
  fake.on(app.setConfig, () => ({ body: config, headers: { 'slipway-release': '4' } }))
  fake.on(domain.listDomains, () => ({
    body: [
      someDomain('shop.example.org'),
      someDomain('shop.localhost', { kind: 'platform', cname: null, status: 'succeeded' }),
    ],
  }))
  fake.on(domain.addDomain, ({ body }) => ({
    body: someDomain((body as { hostname: string }).hostname),
  }))
  fake.on(domain.removeDomain, ({ params }) => ({ body: someDomain(params['domain'] ?? '') }))
  fake.on(domain.checkDomain, ({ params }) => ({
    body: {
      domain: someDomain(params['domain'] ?? ''),
      verdict: 'here' as const,
      addresses: ['192.0.2.1'],
      expected: ['192.0.2.1'],
      message: `${params['domain']} leads here (192.0.2.1).`,
      hint: '',
    },
  }))
  fake.on(domain.listRoutes, () => ({ body: [someRoute()] }))
  fake.on(domain.addRoute, ({ body }) => ({
    body: someRoute({
      app: shop,
      ...(body as object as Partial<AppRoute>),
    }),
  }))
  fake.on(domain.removeRoute, () => ({ body: someRoute() }))
  fake.on(edge.getEdge, () => ({ body: someEdge() }))
  fake.on(edge.setEdge, () => ({ body: someEdge() }))
  fake.on(why.explain, () => ({ body: someExplanation() }))
  fake.on(build.listBuilds, () => ({ body: [someBuild] }))
  fake.on(buildpack.listBuildpacks, () => ({ body: installed(['nodejs', fonts]) }))
  fake.on(buildpack.setBuildpacks, ({ body }) => ({
    body: installed((body as Chosen).updates.map((update) => update.buildpack)),
  }))
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
  fake.on(sni.listSniEndpoints, () => ({ body: [someCertificate] }))
  fake.on(sni.addSniEndpoint, () => ({ body: someCertificate }))
  fake.on(sni.updateSniEndpoint, () => ({ body: someCertificate }))
  fake.on(sni.removeSniEndpoint, () => ({ body: someCertificate }))
  fake.on(sni.getAutomatic, () => ({ body: someAutomatic }))
  fake.on(sni.enableAutomatic, () => ({ body: someApp }))
  fake.on(sni.disableAutomatic, () => ({ body: { ...someApp, acm: false } }))
  fake.on(log.openLog, () => ({ body: { id: uuid('9'), logplex_url: `${fake.url}/streams/log` } }))
  fake.onPath('/streams/log', (_request, response) => {
    response.end(`${at} app[web.1]: hello\n\n${at} slipway[deploy]: v3 is live\n`)
  })
}
