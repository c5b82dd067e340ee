import { Networks } from '#router/rules/networks.ts'
import { eachTransport as t } from './each-transport.ts'
import { ask, echoed, get, httpBackend, openRig } from './rig.ts'

const told =
  'X-Forwarded-For: 203.0.113.7, 198.51.100.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 8443\r\n' +
  'X-Forwarded-Host: www.example.org\r\nX-Request-Id: from-outside-1\r\nX-Request-Start: t=1700000000000\r\nVia: 2 edge\r\n'

const loopback = (): Networks => new Networks(['127.0.0.1'])

t.test('what a client says about itself is replaced', async (t) => {
  const rig = await openRig(t)
  rig.route((await httpBackend(t)).port)
  const { headers } = echoed(await ask(t, rig.port, get('/', told)))
  t.match(headers, {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': rig.scheme,
    'x-forwarded-port': String(rig.port),
    'x-forwarded-host': 'a.test',
    via: '1.1 slipway',
  })
  t.match(headers['x-request-id'], /^[\da-f]{32}$/)
  t.match(headers['x-request-start'], /^\d+$/)
})

t.test('a declared proxy is believed, and its address is added', async (t) => {
  const rig = await openRig(t, {}, { trusted: loopback() })
  rig.route((await httpBackend(t)).port)
  const { headers } = echoed(await ask(t, rig.port, get('/', told)))
  t.match(headers, {
    'x-forwarded-for': '203.0.113.7, 198.51.100.2, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '8443',
    'x-forwarded-host': 'www.example.org',
    'x-request-id': 'from-outside-1',
    'x-request-start': 't=1700000000000',
    via: '2 edge, 1.1 slipway',
  })
})

t.test('nonsense of a declared proxy is replaced all the same', async (t) => {
  const rig = await openRig(t, {}, { trusted: loopback() })
  rig.route((await httpBackend(t)).port)
  const nonsense =
    'X-Forwarded-For: <script>\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-Port: many\r\nX-Forwarded-Host: a/b\r\nX-Request-Id: "quoted"\r\n'
  const { headers } = echoed(await ask(t, rig.port, get('/', nonsense)))
  t.match(headers, {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': rig.scheme,
    'x-forwarded-host': 'a.test',
  })
  t.match(headers['x-request-id'], /^[\da-f]{32}$/)
})

t.test('the client is the nearest address that no declared proxy has', async (t) => {
  const addresses: string[] = []
  const observer = {
    ended: (entry: { clientAddress: string }) => addresses.push(entry.clientAddress),
  }
  const rig = await openRig(t, {}, { trusted: loopback(), observer })
  rig.route((await httpBackend(t)).port)
  await ask(t, rig.port, get('/', 'X-Forwarded-For: 203.0.113.7, 198.51.100.2, 127.0.0.1\r\n'))
  t.same(addresses, ['198.51.100.2'])
})
