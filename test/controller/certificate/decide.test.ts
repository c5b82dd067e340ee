import t from 'tap'
import { waitOf } from '#controller/certificate/acme/wait.ts'
import { pauseAfter, renewAt, timeIn } from '#controller/certificate/due.ts'
import { nameFor, wantedNames } from '#controller/certificate/names.ts'
import type { World } from '#controller/certificate/names.ts'
import { dueTasks } from '#controller/certificate/queue.ts'
import { serving } from '#controller/certificate/serving.ts'
import { readAcme } from '#controller/certificate/settings.ts'
import { typesFor } from '#controller/certificate/solver.ts'
import type { CertificateHead, OwnedHost } from '#controller/store/certificates.ts'

const now = new Date('2026-01-31T10:00:00.000Z')
const at = (days: number): string => new Date(now.getTime() + days * 86_400_000).toISOString()

const host = (name: string, app = 'shop', owner = 'ada'): OwnedHost => ({
  host: name,
  environment_id: `${app}-env`,
  app_id: app,
  app,
  owner_id: owner,
})

const certificate = (id: string, change: Partial<CertificateHead>): CertificateHead => ({
  id,
  app_id: null,
  name: null,
  names: JSON.stringify(change.name == null ? [] : [change.name]),
  digest: id,
  subject: '',
  issuer: '',
  self_signed: 0,
  starts_at: at(-30),
  expires_at: at(60),
  created_at: at(-30),
  updated_at: at(-30),
  ...change,
})

const world = (change: Partial<World>): World => ({
  hosts: [],
  certificates: [],
  manual: new Set(),
  ...change,
})

const served = (seen: World): Record<string, string[]> =>
  Object.fromEntries(serving(seen, now).map((one) => [one.certificate.id, [...one.hosts]]))

t.test('an own certificate goes before an automatic one, while it lasts', async (t) => {
  const names = JSON.stringify(['*.example.org'])
  const hosts = [host('a.example.org'), host('b.example.org'), host('c.example.org', 'blog')]
  const automatic = certificate('auto', { name: 'a.example.org' })
  const own = certificate('own', { app_id: 'shop', names })
  t.same(served(world({ hosts, certificates: [automatic, own] })), {
    own: ['a.example.org', 'b.example.org'],
  })
  const ended = { ...own, expires_at: at(-1) }
  t.same(
    served(world({ hosts, certificates: [automatic, ended] })),
    {
      auto: ['a.example.org'],
      own: ['b.example.org'],
    },
    'one that has ended is better than none',
  )
  const foreign = { ...own, app_id: 'other' }
  t.same(served(world({ hosts, certificates: [foreign] })), {}, 'and only for the app it is of')
  const off = world({ hosts, certificates: [automatic], manual: new Set(['shop']) })
  t.same(served(off), {})
})

t.test('the id of what is served changes with the chain and with the hosts', async (t) => {
  const own = certificate('own', { app_id: 'shop', names: '["a.test","b.test"]' })
  const idOf = (seen: World): string | undefined => serving(seen, now)[0]?.id
  const one = idOf(world({ hosts: [host('a.test')], certificates: [own] }))
  t.match(one, /^[0-9a-f]{40}$/)
  const more = world({ hosts: [host('a.test'), host('b.test')], certificates: [own] })
  t.not(idOf(more), one)
  const next = world({ hosts: [host('a.test')], certificates: [{ ...own, digest: 'next' }] })
  t.not(idOf(next), one)
})

t.test('certificates are wanted for names the world can ask for, once', async (t) => {
  const hosts = [
    host('shop.platform.test'),
    host('blog.platform.test', 'blog', 'bo'),
    host('shop.localhost'),
    host('*.example.org'),
    host('www.example.net', 'off'),
  ]
  const seen = world({ hosts, manual: new Set(['off']) })
  const names = (hasDns: boolean): string[] =>
    wantedNames(seen, { domain: 'platform.test', hasDns }, now).map(({ name }) => name)
  t.same(names(false), ['shop.platform.test', 'blog.platform.test'])
  t.same(names(true), ['*.platform.test', '*.example.org'])
  t.match(nameFor('localhost', { domain: 'localhost', hasDns: false }), { reason: /No authority/ })
})

t.test('an own certificate that ends within a week wants an automatic one', async (t) => {
  const able = { domain: 'platform.test', hasDns: false }
  const wanted = (days: number): number => {
    const own = certificate('own', { app_id: 'shop', names: '["a.test"]', expires_at: at(days) })
    return wantedNames(world({ hosts: [host('a.test')], certificates: [own] }), able, now).length
  }
  t.equal(wanted(30), 0)
  t.equal(wanted(6), 1)
})

t.test('names that have no certificate are asked for first', async (t) => {
  const wanted = ['late', 'soon', 'new', 'fine'].map((name) => ({
    name,
    ownerId: '',
    environments: [],
  }))
  const row = (name: string, days: number) => ({
    name,
    due_at: at(days),
    look_at: at(1),
    failures: 0,
    failure: null,
  })
  const known = [row('soon', -1), row('late', -5), row('fine', 5)]
  t.same(
    dueTasks(wanted, known, now).map((task) => task.wanted.name),
    ['new', 'late', 'soon'],
  )
})

t.test('a renewal is due when two thirds of the life are over, or a little before', async (t) => {
  const life = { starts_at: at(0), expires_at: at(90) }
  t.equal(renewAt(life, () => 0).toISOString(), at(60))
  t.ok(renewAt(life, () => 0.999).toISOString() > at(55))
  const window = { start: new Date(at(10)), end: new Date(at(20)) }
  t.equal(timeIn(window, () => 0.5).toISOString(), at(15))
})

t.test('pauses grow with failures, to a limit, and never undercut what was asked', async (t) => {
  const minutes = (kind: 'elsewhere' | 'authority', failures: number, waitMs?: number): number =>
    pauseAfter({ kind, waitMs }, failures, () => 0.5) / 60_000
  t.same(
    [1, 2, 3, 4].map((n) => minutes('authority', n)),
    [2, 4, 8, 16],
  )
  t.equal(minutes('authority', 50), 720)
  t.equal(minutes('elsewhere', 50), 15)
  t.equal(minutes('authority', 1, 3_600_000), 60)
  t.equal(
    pauseAfter({ kind: 'authority', waitMs: undefined }, 1, () => 0),
    90_000,
  )
})

t.test('Retry-After is seconds or a date', async (t) => {
  const nowMs = Date.parse('2026-01-31T10:00:00Z')
  t.equal(waitOf('120'), 120_000)
  t.equal(waitOf('Sat, 31 Jan 2026 10:01:00 GMT', nowMs), 60_000)
  t.equal(waitOf('Sat, 31 Jan 2026 09:00:00 GMT', nowMs), 0)
  t.equal(waitOf('soon'), undefined)
  t.equal(waitOf(undefined), undefined)
})

t.test(
  'after a failure the next kind of challenge has its turn; wildcards have one only',
  async (t) => {
    const all = ['http-01', 'tls-alpn-01', 'dns-01'] as const
    t.same(typesFor('a.test', all, 0), ['http-01', 'tls-alpn-01', 'dns-01'])
    t.same(typesFor('a.test', all, 4), ['tls-alpn-01', 'dns-01', 'http-01'])
    t.same(typesFor('*.a.test', all, 4), ['dns-01'])
  },
)

t.test(
  'nothing is automatic until the operator gives an address, and settings are checked',
  async (t) => {
    t.equal(readAcme({}), null)
    const email = { SLIPWAY_ACME_EMAIL: 'operator@example.test' }
    t.match(readAcme(email), { types: ['http-01'], dnsHook: null, looksFirst: true })
    t.match(readAcme({ ...email, SLIPWAY_HTTPS_PORT: '443' })?.types, ['http-01', 'tls-alpn-01'])
    const wrong: [Record<string, string>, RegExp][] = [
      [{ SLIPWAY_ACME_EMAIL: 'nobody' }, /^SLIPWAY_ACME_EMAIL must be an email address/],
      [{ SLIPWAY_ACME_DIRECTORY: 'http://a.test' }, /must be an https:\/\/ address/],
      [{ SLIPWAY_ACME_CA: '/nowhere/ca.pem' }, /cannot be read \(ENOENT\)/],
      [{ SLIPWAY_ACME_DNS_HOOK: 'hook.sh' }, /must be the whole path of a program/],
      [{ SLIPWAY_ACME_CHALLENGES: 'http-02' }, /not "http-02"/],
      [{ SLIPWAY_ACME_CHALLENGES: 'dns-01' }, /^None of SLIPWAY_ACME_CHALLENGES can be answered/],
    ]
    for (const [env, message] of wrong) t.throws(() => readAcme({ ...email, ...env }), { message })
  },
)
