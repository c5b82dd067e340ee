import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { addSniEndpoint, disableAutomatic, updateSniEndpoint } from '#contract/sni-endpoint.ts'
import { ends, soon } from '#cli/time.ts'
import { openDesk } from './app.ts'

t.test('certs lists certificates, and says which domains lack one and why', async (t) => {
  const desk = await openDesk(t)
  const got = await desk.app(['certs', '-a', 'shop'])
  t.match(got, {
    code: 0,
    stdout:
      /^CERTIFICATE +KIND +DOMAINS +ISSUER +EXPIRES\ncert-77777777 +automatic +shop\.example\.org +Example Trust E7 +in \d+ days \(2126-01-31\)\n$/,
    stderr:
      'www.example.org: www.example.org does not lead to this platform: nothing answers. The next try is now.\n',
  })
  const json = await desk.app(['certs', '-a', 'shop', '--json'])
  t.match(JSON.parse(json.stdout), {
    sni_endpoints: [{ name: 'cert-77777777' }],
    acm: { acm: true, domains: [{}, { acm_status: 'failing' }] },
  })
})

t.test('certs:add sends the two files, as a new one or in the place of one', async (t) => {
  const desk = await openDesk(t)
  await writeFile(join(desk.folder, 'shop.crt'), 'the chain')
  await writeFile(join(desk.folder, 'shop.key'), 'the key')
  const files = ['shop.crt', 'shop.key', '-a', 'shop']
  const got = await desk.app(['certs:add', ...files])
  t.match(got, { code: 0, stdout: '', stderr: /^cert-77777777 is used for shop\.example\.org; it/ })
  const body = { certificate_chain: 'the chain', private_key: 'the key' }
  t.same(desk.fake.last(addSniEndpoint)?.body, body)
  t.match(await desk.app(['certs:add', '--replace', 'cert-77777777', ...files]), { code: 0 })
  t.same(desk.fake.last(updateSniEndpoint)?.body, body)
  const lost = await desk.app(['certs:add', 'nope.crt', 'shop.key', '-a', 'shop'])
  t.match(lost, { code: 2, stderr: /^error: nope\.crt cannot be read \(ENOENT\)\.\n/ })
})

t.test('certs:remove and certs:auto say what they did', async (t) => {
  const desk = await openDesk(t)
  const removed = await desk.app(['certs:remove', 'cert-77777777', '-a', 'shop'])
  t.match(removed, { code: 0, stderr: 'Removed cert-77777777 (shop.example.org).\n' })
  t.match(await desk.app(['certs:auto', 'on', '-a', 'shop']), {
    code: 0,
    stderr: /^Certificates are made for every domain of "shop"\./,
  })
  t.match(await desk.app(['certs:auto', 'off', '-a', 'shop', '--json']), {
    code: 0,
    stdout: /"acm": false/,
  })
  t.ok(desk.fake.last(disableAutomatic))
  t.match(await desk.app(['certs:auto', 'maybe', '-a', 'shop']), {
    code: 2,
    stderr: /^error: "maybe" is neither on nor off\./,
  })
})

t.test('what lies ahead is told as people do', async (t) => {
  const now = Date.parse('2026-01-31T10:00:00Z')
  const cases: [string, string][] = [
    ['2026-01-31T09:00:00Z', 'now'],
    ['2026-01-31T10:00:30Z', 'in 30 s'],
    ['2026-01-31T10:05:10Z', 'in 5 min'],
    ['2026-02-01T15:00:00Z', 'in 29 h'],
    ['2026-04-03T10:00:00Z', 'in 62 days'],
  ]
  for (const [time, words] of cases) t.equal(soon(time, now), words)
  t.equal(ends('2026-04-03T10:00:00Z', now), 'in 62 days (2026-04-03)')
  t.equal(ends('2026-01-30T10:00:00Z', now), 'expired (2026-01-30)')
})
