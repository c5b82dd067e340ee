import t from 'tap'
import type { RouteRule, RouteSettings, WhyAnswer } from '#contract/route.ts'
import { explain } from '#router/why/explain.ts'
import type { Question } from '#router/why/question.ts'
import { instance, routesOf, rule, site } from './table-of.ts'

const url = 'https://a.test/x?q'

/** What is said of an app with two instances, behind these settings. */
function why(
  settings: RouteSettings,
  more: Partial<RouteRule> = {},
  question: Partial<Question> = {},
): WhyAnswer {
  const sites = [site('a', [instance(1), instance(2)], settings)]
  const routes = routesOf(sites, [rule('a.test', 'a', more)])
  return explain({ url, ...question }, { routes })
}

t.test(
  'it names rule, site, and the instance that would be asked, and why not the other',
  async (t) => {
    const answer = why({})
    t.match(answer, {
      table: 1,
      host: 'a.test',
      target: '/x?q',
      sent: '/x?q',
      rule: { host: 'a.test', site: 'a/production' },
      app: 'a',
      environment: 'production',
      in_flight: 0,
      instances: [{ id: 'i-1', release: 1, in_flight: 0 }, { id: 'i-2' }],
    })
    t.equal(answer.instead, undefined)
    const verdicts = answer.instances.map(({ picked, why_not: whyNot }) => whyNot ?? picked)
    t.ok(verdicts.includes('turn') && verdicts.includes(true), verdicts.join())
  },
)

t.test('what stands behind a stripped path is told', async (t) => {
  t.match(why({}, { path: '/x', strip: true }), { target: '/x?q', sent: '/?q' })
})

t.test('instances that refused a connection, are busy or full are told apart', async (t) => {
  const sites = [
    site('a', [instance(1), instance(2), instance(3), instance(4)], { instance_cap: 3 }),
  ]
  const routes = routesOf(sites, [rule('a.test', 'a')])
  const [one, two, three] = routes.site('a/production')?.instances ?? []
  one?.eject(performance.now() + 5000)
  two?.begin()
  for (let i = 0; i < 3; i += 1) three?.begin()
  const before = explain({ url }, { routes })
  t.same(
    before.instances.map(({ picked, why_not }) => why_not ?? picked),
    ['ejected', 'busier', 'full', true],
  )
  t.ok((before.instances[0]?.ejected_ms ?? 0) > 4000)
  t.equal(before.in_flight, 4)
  const standing = (): unknown =>
    explain({ url }, { routes }).instances.map((one) => ({ ...one, ejected_ms: 0 }))
  t.same(standing(), standing(), 'asking changes nothing')
})

t.test('an app without instances, or with all of them full, says so', async (t) => {
  const empty = routesOf([site('a')], [rule('a.test', 'a')])
  t.match(explain({ url }, { routes: empty }).instead, {
    status: 503,
    reason: 'no_instance',
    code: 'H14',
  })
  const full = routesOf([site('a', [instance(1)], { instance_cap: 1 })], [rule('a.test', 'a')])
  full.site('a/production')?.instances[0]?.begin()
  t.match(explain({ url }, { routes: full }).instead, { status: 503, reason: 'full', code: 'H11' })
})

t.test('the certificate is told where there is one', async (t) => {
  const routes = routesOf([site('a')], [rule('a.test', 'a')])
  const known = { names: ['a.test'], issuer: 'us', expires_at: '2027-01-01T00:00:00.000Z' }
  const certificate = (name: string) => (name === 'a.test' ? known : undefined)
  t.same(explain({ url }, { routes, certificate }).certificate, known)
  t.equal(explain({ url: 'https://b.test' }, { routes, certificate }).certificate, undefined)
})

t.test('what is no question is refused', async (t) => {
  for (const bad of [
    { url: 'a.test' },
    { url: 'ftp://a.test' },
    { method: 'get it' },
    { address: 'a' },
  ])
    t.throws(() => why({}, {}, bad), { code: 'INVALID_PARAMS' })
})
