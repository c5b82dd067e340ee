import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { createApp } from '#contract/app.ts'
import { addDomain, getDomain } from '#contract/domain.ts'
import {
  addSniEndpoint,
  disableAutomatic,
  enableAutomatic,
  getAutomatic,
  getSniEndpoint,
  listSniEndpoints,
  removeSniEndpoint,
  updateSniEndpoint,
} from '#contract/sni-endpoint.ts'
import { firstBrokenDeed } from '#controller/store/audit.ts'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'
import { startPlatform } from '#test/controller/platform.ts'
import type { Caller } from '#test/controller/platform.ts'
import { scratch } from './pebble.ts'
import { openEdge, openRig, shown } from './rig.ts'

const shop = { params: { app: 'shop' } }
const dayMs = 86_400_000

interface Pair {
  readonly certificate_chain: string
  readonly private_key: string
}

async function pairFor(names: string[], fromDays = -1, untilDays = 60): Promise<Pair> {
  const key = await makeKey()
  const [from, until] = [fromDays, untilDays].map((days) => new Date(Date.now() + days * dayMs))
  if (from === undefined || until === undefined) throw new TypeError()
  const der = selfSigned({ subject: 'somebody', names, from, until }, key)
  return { certificate_chain: toPem('CERTIFICATE', der), private_key: keyPem(key) }
}

async function openShop(t: Test): Promise<{ ada: Caller; logged: string[] }> {
  const platform = await startPlatform(t)
  const ada = await platform.user('ada@example.test')
  await ada(createApp, { body: { name: 'shop' } })
  for (const hostname of ['shop.example.org', '*.example.net']) {
    await ada(addDomain, { ...shop, body: { hostname } })
  }
  return { ada, logged: platform.logged }
}

t.test('a certificate of your own is listed, replaced and removed, without its key', async (t) => {
  const { ada } = await openShop(t)
  const pair = await pairFor(['shop.example.org', 'a.example.net', 'other.test'])
  const added = await ada(addSniEndpoint, { ...shop, body: pair })
  t.match(added, {
    name: /^cert-[0-9a-f]{8}$/,
    app: { name: 'shop' },
    domains: ['shop.example.org'],
    ssl_cert: {
      acm: false,
      'self_signed?': true,
      cert_domains: ['shop.example.org', 'a.example.net', 'other.test'],
      issuer: '/CN=somebody',
    },
  })
  t.same(added.certificate_chain, pair.certificate_chain)
  t.notMatch(JSON.stringify(added), /PRIVATE KEY|private_key/)
  t.same(await ada(listSniEndpoints, shop), [added])
  const named = { params: { app: 'shop', certificate: added.name } }
  t.same(await ada(getSniEndpoint, named), added)
  const body = await pairFor(['*.example.net'])
  t.match(await ada(updateSniEndpoint, { ...named, body }), {
    id: added.id,
    domains: ['*.example.net'],
  })
  t.equal((await ada(listSniEndpoints, shop)).length, 1)
  await ada(removeSniEndpoint, named)
  t.same(await ada(listSniEndpoints, shop), [])
  await t.rejects(ada(removeSniEndpoint, named), { code: 'CERTIFICATE_NOT_FOUND', status: 404 })
})

t.test('what is wrong with a certificate is said in one sentence', async (t) => {
  const { ada, logged } = await openShop(t)
  const good = await pairFor(['shop.example.org'])
  const { chain, keys } = signedChain(scratch(t))
  const other = keyPem(await makeKey())
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  const cases: [RegExp, Pair][] = [
    [/: the chain holds no certificate in PEM\.$/, { ...good, certificate_chain: 'hello' }],
    [/: certificate 1 of the chain cannot be read\.$/, { ...good, certificate_chain: broken }],
    [
      /: the file of the certificate holds a private key/,
      { ...good, certificate_chain: good.certificate_chain + good.private_key },
    ],
    [/: the private key cannot be read/, { ...good, private_key: 'hello' }],
    [
      /: the private key has a passphrase; take it off first\.$/,
      { ...good, private_key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\n' },
    ],
    [/: the private key does not belong to it\.$/, { ...good, private_key: other }],
    [/: browsers take RSA and ECDSA/, { ...good, private_key: ed25519.toString() }],
    [/: it expired on \d{4}-\d\d-\d\d\.$/, await pairFor(['shop.example.org'], -30, -1)],
    [/: it is good only from \S+ on\.$/, await pairFor(['shop.example.org'], 1, 30)],
    [
      /: it is for b\.test, c\.test, and the domains of "shop" are \*\.example\.net, shop\.example\.org, shop\.localhost\.$/,
      await pairFor(['b.test', 'c.test']),
    ],
    [
      /: the chain is in the wrong order: certificate 2 comes first\.$/,
      { certificate_chain: chain[1] + chain[0], private_key: keys.leaf },
    ],
    [
      /: the chain is in the wrong order: certificate 1 was not signed by certificate 2\.$/,
      { certificate_chain: chain[0] + good.certificate_chain, private_key: keys.leaf },
    ],
    [
      /: its RSA key has 1024 bits, at least 2048 are needed\.$/,
      { ...good, private_key: keys.weak },
    ],
  ]
  for (const [message, body] of cases) {
    const refused = ada(addSniEndpoint, { ...shop, body })
    await t.rejects(refused, { code: 'CERTIFICATE_INVALID', status: 422, message }, String(message))
  }
  const whole = { certificate_chain: chain.join(''), private_key: keys.leaf }
  const added = await ada(addSniEndpoint, { ...shop, body: whole })
  t.match(added.ssl_cert, { 'ca_signed?': true, issuer: '/CN=middle' })
  t.notMatch(logged.join(''), 'PRIVATE KEY')
})

const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

interface Signed {
  /** Leaf first. */
  readonly chain: readonly [string, string]
  readonly keys: { readonly leaf: string; readonly weak: string }
}

/** A certificate for shop.example.org, signed by another, as openssl makes them. */
function signedChain(folder: string): Signed {
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=middle',
    '-days',
    '30',
  )
  openssl(
    'req',
    ...ec,
    '-keyout',
    'leaf.key',
    '-out',
    'leaf.csr',
    '-subj',
    '/CN=leaf',
    '-addext',
    'subjectAltName=DNS:shop.example.org',
  )
  openssl(
    'x509',
    '-req',
    '-in',
    'leaf.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'leaf.crt',
    '-days',
    '20',
    '-copy_extensions',
    'copy',
  )
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return {
    chain: [read('leaf.crt'), read('ca.crt')],
    keys: { leaf: read('leaf.key'), weak: openssl('genrsa', '1024') },
  }
}

t.test(
  'the router has an own certificate as soon as it is added, and until it is removed',
  async (t) => {
    const edge = await openEdge(t, scratch(t))
    const rig = await openRig(t, { edge })
    const ada = await rig.platform.user('ada@example.test')
    await rig.app(ada, 'shop', 'shop.example.org')
    const body = await pairFor(['*.example.org'])
    const { id, name } = await ada(addSniEndpoint, { ...shop, body })
    await rig.until(
      'it is served',
      async () => (await shown(edge.securePort, 'shop.example.org')) !== null,
    )
    t.equal(await shown(edge.securePort, 'blog.example.org'), null, 'for domains of the app alone')
    t.match((await ada(getAutomatic, shop)).domains[0], { acm_status: 'own' })
    const domain = () => ada(getDomain, { params: { app: 'shop', domain: 'shop.example.org' } })
    t.match(await domain(), { sni_endpoint: { id, name }, acm_status: null })
    await ada(removeSniEndpoint, { params: { app: 'shop', certificate: name } })
    await rig.until('it is gone', () => edge.tls.ids.length === 0)
    t.match(await domain(), { sni_endpoint: null })
    t.equal(await firstBrokenDeed(rig.platform.deps.db), null)
  },
)

t.test('a platform without an authority says that it makes no certificates', async (t) => {
  const { ada } = await openShop(t)
  await t.rejects(ada(enableAutomatic, shop), { code: 'ACME_OFF' })
  t.match(await ada(getAutomatic, shop), {
    acm: true,
    available: false,
    domains: [{ acm_status: 'none', acm_status_reason: /makes no automatic certificates/ }, {}, {}],
  })
  t.match(await ada(disableAutomatic, shop), { acm: false })
})
