import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { getDomain, listDomains, removeDomain } from '#contract/domain.ts'
import {
  disableAutomatic,
  enableAutomatic,
  getAutomatic,
  listSniEndpoints,
} from '#contract/sni-endpoint.ts'
import { certificateByName } from '#controller/store/certificates.ts'
import { lacking, openPebble, scratch } from './pebble.ts'
import type { Pebble } from './pebble.ts'
import { linesOf, openEdge, openRig, shown } from './rig.ts'
import type { Edge, Rig } from './rig.ts'

const options = lacking === false ? {} : { skip: lacking }
const hourMs = 3_600_000
const shop = { params: { app: 'shop' } }

interface Ground {
  readonly edge: Edge
  readonly pebble: Pebble
  readonly env: Record<string, string>
}

async function openGround(
  t: Test,
  more: { nonceRejects?: number; lifeSeconds?: number } = {},
): Promise<Ground> {
  const edge = await openEdge(t, scratch(t))
  const ports = { httpPort: edge.port, tlsPort: edge.securePort }
  const pebble = await openPebble(t, { ...ports, ...more })
  const env = {
    SLIPWAY_ACME_EMAIL: 'operator@example.test',
    SLIPWAY_ACME_DIRECTORY: pebble.directory,
    SLIPWAY_ACME_CA: pebble.ca,
    SLIPWAY_HTTPS_PORT: String(edge.securePort),
  }
  return { edge, pebble, env }
}

const serves = (edge: Edge, host: string) => async (): Promise<boolean> =>
  (await shown(edge.securePort, host)) !== null

const fails = (rig: Rig, name: string, words: RegExp) => async (): Promise<boolean> =>
  words.test((await rig.state(name))?.failure ?? '')

t.test(
  'http-01: a domain of an app is served with a certificate of its own',
  options,
  async (t) => {
    // Every third request is refused for its nonce; pebble does so with every twentieth by itself.
    const { edge, env } = await openGround(t, { nonceRejects: 33 })
    const rig = await openRig(t, { edge, env })
    const ada = await rig.platform.user('ada@example.test')
    await rig.app(ada, 'shop', 'shop.example.test')
    await rig.until('both are served', async () => {
      const [custom, platform] = [
        serves(edge, 'shop.example.test'),
        serves(edge, 'shop.platform.test'),
      ]
      return (await custom()) && (await platform())
    })
    t.equal(
      (await shown(edge.securePort, 'shop.example.test'))?.subjectaltname,
      'DNS:shop.example.test',
    )
    t.equal(
      await shown(edge.securePort, 'other.example.test'),
      null,
      'others get a refused handshake',
    )
    t.match(
      rig.told.join('\n'),
      /certificates: The certificate of shop\.example\.test was made; it is good until 20/,
    )
    const listed = await ada(listSniEndpoints, shop)
    t.same(
      listed.flatMap(({ domains }) => domains).toSorted((a, b) => a.localeCompare(b)),
      ['shop.example.test', 'shop.platform.test'],
    )
    t.match(await ada(getAutomatic, shop), {
      acm: true,
      available: true,
      domains: [{ acm_status: 'ok', acm_status_reason: null }, { acm_status: 'ok' }],
    })
    const issued = { acm_status: 'cert issued', sni_endpoint: { name: /^cert-/ } }
    t.match(await ada(listDomains, shop), [issued, issued])
    const kept = join(edge.tls.ids[0] ?? '')
    t.ok(kept.length > 0)
    t.notMatch(rig.platform.logged.join(''), 'PRIVATE KEY')

    await ada(disableAutomatic, shop)
    await rig.until('they are taken from the router', () => edge.tls.ids.length === 0)
    t.match((await ada(getAutomatic, shop)).domains[0], { acm_status: 'none' })
    await ada(enableAutomatic, shop)
    await rig.until('they are used again, not made again', serves(edge, 'shop.example.test'))
    await rig.until('the authority was asked for its wish again', async () => {
      return ((await rig.state('shop.example.test'))?.look_at ?? '') > new Date().toISOString()
    })
    t.equal(rig.told.length, 2, rig.told.join('\n'))

    await ada(removeDomain, { params: { app: 'shop', domain: 'shop.example.test' } })
    await rig.until('a domain that is gone is not served', async () => {
      return (await shown(edge.securePort, 'shop.example.test')) === null
    })
  },
)

t.test('tls-alpn-01: a certificate is had over the TLS port alone', options, async (t) => {
  const { edge, env } = await openGround(t)
  const rig = await openRig(t, { edge, env: { ...env, SLIPWAY_ACME_CHALLENGES: 'tls-alpn-01' } })
  const ada = await rig.platform.user('ada@example.test')
  await rig.app(ada, 'shop', 'shop.example.test')
  await rig.until('it is served', serves(edge, 'shop.example.test'))
  await rig.until('the challenge is gone', () => !edge.tls.hasChallenges)
  t.equal(
    (await shown(edge.securePort, 'shop.example.test'))?.subjectaltname,
    'DNS:shop.example.test',
  )
})

t.test('dns-01: the program of the operator makes wildcards possible', options, async (t) => {
  const { edge, env, pebble } = await openGround(t)
  const folder = scratch(t)
  const hook = join(folder, 'hook')
  writeFileSync(hook, hookText(pebble.dns, join(folder, 'calls')))
  chmodSync(hook, 0o755)
  const rig = await openRig(t, {
    edge,
    env: { ...env, SLIPWAY_ACME_DNS_HOOK: hook, SLIPWAY_ACME_CHALLENGES: 'dns-01' },
  })
  const ada = await rig.platform.user('ada@example.test')
  await rig.app(ada, 'shop', '*.example.test')
  await rig.until('any name below is served', serves(edge, 'any.example.test'))
  t.equal(await shown(edge.securePort, 'a.b.example.test'), null, 'one label more, not two')
  t.equal((await shown(edge.securePort, 'any.example.test'))?.subjectaltname, 'DNS:*.example.test')
  await rig.until('one certificate serves all apps', serves(edge, 'shop.platform.test'))
  t.equal(
    (await shown(edge.securePort, 'shop.platform.test'))?.subjectaltname,
    'DNS:*.platform.test',
  )
  await rig.until('every record is removed', () => {
    const verbs = linesOf(join(folder, 'calls')).map((line) => line.split(' ')[0])
    return verbs.filter((verb) => verb === 'cleanup').length === 2
  })
  t.match(
    readFileSync(join(folder, 'calls'), 'utf8'),
    /^present _acme-challenge\.example\.test \S{43}$/m,
  )
})

/** Tells the DNS server of the test, and notes what it was called with. */
function hookText(dns: string, calls: string): string {
  return `#!${process.execPath}
const [verb, name, value] = process.argv.slice(2)
require('node:fs').appendFileSync(${JSON.stringify(calls)}, [verb, name, value].join(' ') + '\\n')
const path = verb === 'present' ? '/set-txt' : '/clear-txt'
const body = JSON.stringify({ host: name + '.', value })
fetch(${JSON.stringify(dns)} + path, { method: 'POST', body }).then((r) => process.exit(r.ok ? 0 : 1))
`
}

t.test(
  'a certificate is renewed at two thirds of its life, and the old one serves until then',
  options,
  async (t) => {
    const { edge, env, pebble } = await openGround(t)
    let aheadMs = 0
    const now = (): Date => new Date(Date.now() + aheadMs)
    const rig = await openRig(t, { edge, env, now })
    const ada = await rig.platform.user('ada@example.test')
    await rig.app(ada, 'shop', 'shop.example.test')
    await rig.until('it is served', serves(edge, 'shop.example.test'))
    const first = await shown(edge.securePort, 'shop.example.test')
    const state = await rig.state('shop.example.test')
    const lifeMs = 7_776_000_000
    const dueIn = Date.parse(state?.due_at ?? '') - Date.now()
    t.ok(dueIn > lifeMs * 0.6 && dueIn < lifeMs * 0.69, `due in ${dueIn / hourMs} h`)

    // The authority is down when the time has come, and has forgotten us when it is back.
    await pebble.stop()
    aheadMs = lifeMs * 0.7
    const isDown =
      /The certificate authority did not give it: it cannot be reached \(ECONNREFUSED\)\.$/
    await rig.until('it fails', () => {
      // When it was down for one name, the others are not tried for a minute.
      aheadMs += 5000
      return fails(rig, 'shop.example.test', isDown)()
    })
    t.equal((await shown(edge.securePort, 'shop.example.test'))?.serialNumber, first?.serialNumber)
    t.match((await ada(getAutomatic, shop)).domains[0], {
      acm_status: 'failing',
      acm_status_reason: /cannot be reached/,
    })
    t.match(await ada(getDomain, { params: { app: 'shop', domain: 'shop.example.test' } }), {
      acm_status: 'failing',
      acm_status_reason: /cannot be reached/,
      sni_endpoint: { name: /^cert-/ },
    })
    t.match(
      rig.told.at(-1),
      /^certificates: There is no new certificate of shop\..+ The certificate authority/,
    )

    await pebble.start()
    aheadMs += hourMs
    await rig.until('it is renewed', async () => {
      const next = await shown(edge.securePort, 'shop.example.test')
      return next !== null && next.serialNumber !== first?.serialNumber
    })
    aheadMs = 0
    t.match(rig.told.join('\n'), /The certificate of shop\.example\.test was renewed/)
  },
)

t.test('the authority may say when: its window is followed', options, async (t) => {
  const { edge, env, pebble } = await openGround(t)
  let aheadMs = 0
  const now = (): Date => new Date(Date.now() + aheadMs)
  const rig = await openRig(t, { edge, env, now })
  const ada = await rig.platform.user('ada@example.test')
  await rig.app(ada, 'shop', 'shop.example.test')
  await rig.until('it is served', serves(edge, 'shop.example.test'))
  await rig.until('the authority was asked', async () => {
    return ((await rig.state('shop.example.test'))?.look_at ?? '') > new Date().toISOString()
  })
  const row = await certificateByName(rig.platform.deps.db, 'shop.example.test')
  const chain = row?.chain ?? ''
  const later = {
    start: new Date(Date.now() + 20 * hourMs),
    end: new Date(Date.now() + 21 * hourMs),
  }
  await pebble.wish(chain, later)
  aheadMs = 7 * hourMs
  await rig.until('the time is in its window', async () => {
    const due = Date.parse((await rig.state('shop.example.test'))?.due_at ?? '')
    return due >= later.start.getTime() && due <= later.end.getTime()
  })
  await pebble.wish(chain, { start: new Date(Date.now() - hourMs), end: new Date(Date.now() - 1) })
  aheadMs = 14 * hourMs
  await rig.until('a window that is over means now', async () => {
    const next = await certificateByName(rig.platform.deps.db, 'shop.example.test')
    return next !== undefined && next.digest !== row?.digest
  })
  t.equal(rig.told.filter((line) => line.includes('was renewed')).length, 1)
})

t.test('names that lead elsewhere are not asked for, and say so', options, async (t) => {
  const { edge, env } = await openGround(t)
  const rig = await openRig(t, { edge, env })
  edge.lost.add('away.example.test')
  const ada = await rig.platform.user('ada@example.test')
  await rig.app(ada, 'shop', 'away.example.test', 'localhost.localhost', '*.example.test')
  await rig.until(
    'it fails',
    fails(
      rig,
      'away.example.test',
      /^away\.example\.test does not lead to this platform: something else answers there\.$/,
    ),
  )
  const { domains } = await ada(getAutomatic, shop)
  t.match(
    domains.find(({ hostname }) => hostname === '*.example.test'),
    {
      acm_status: 'none',
      acm_status_reason: /needs the operator to set SLIPWAY_ACME_DNS_HOOK/,
    },
  )
  edge.lost.clear()
  await ada(enableAutomatic, shop)
  await rig.until('asking again has it tried at once', serves(edge, 'away.example.test'))
})

t.test('an authority that refuses a name is quoted', options, async (t) => {
  const { edge, env } = await openGround(t)
  const rig = await openRig(t, { edge, env })
  const ada = await rig.platform.user('ada@example.test')
  await rig.app(ada, 'shop', 'blocked.example.test')
  await rig.until(
    'it fails',
    fails(rig, 'blocked.example.test', /^The certificate authority did not give it: .*policy/),
  )
  await rig.until('others are made all the same', serves(edge, 'shop.platform.test'))
  t.match(
    rig.told.join('\n'),
    /There is no new certificate of blocked\.example\.test\. The certificate/,
  )
})

t.test('an owner gets so many certificates a week, and is told', options, async (t) => {
  const { edge, env } = await openGround(t)
  const rig = await openRig(t, { edge, env: { ...env, SLIPWAY_ACME_ORDERS: '1' } })
  const [ada, bo] = [
    await rig.platform.user('ada@example.test'),
    await rig.platform.user('bo@example.test'),
  ]
  await rig.app(ada, 'shop')
  await rig.until('the first is served', serves(edge, 'shop.platform.test'))
  await rig.app(ada, 'blog')
  await rig.until(
    'the second is refused',
    fails(
      rig,
      'blog.platform.test',
      /^1 certificates were made within seven days for all domains of the owner of the app, which is the most; the next may be made on 20\S+ at \d\d:\d\d UTC\.$/,
    ),
  )
  await rig.app(bo, 'wiki')
  await rig.until('another owner has a budget of their own', serves(edge, 'wiki.platform.test'))
  t.match((await ada(getAutomatic, { params: { app: 'blog' } })).domains, [
    { acm_status: 'failing' },
  ])
})
