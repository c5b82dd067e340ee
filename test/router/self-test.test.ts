import t from 'tap'
import { openNetwork } from '#router/transport/choose.ts'
import { tryOut } from '#router/transport/self-test.ts'
import { tryOutTls } from '#router/transport/self-test-tls.ts'
import type { Network, Transport } from '#router/transport/transport.ts'
import { transports } from './each-transport.ts'

const onBug = (error: unknown): void => void t.fail(String(error))

/** A network on which connections that come do some things differently. */
function spoiled(network: Network, change: (line: Transport) => Partial<Transport>): Network {
  return {
    connect: (address, receiver) => network.connect(address, receiver),
    listen: (where, accept, options) =>
      network.listen(where, (line) => accept(changed(line, change(line))), options),
  }
}

function changed(line: Transport, change: Partial<Transport>): Transport {
  return new Proxy(line, {
    get: (_, name) => {
      const value: unknown = Reflect.get(change, name) ?? Reflect.get(line, name, line)
      return typeof value === 'function' ? (value.bind(line) as unknown) : value
    },
  })
}

const faults: readonly (readonly [
  change: (line: Transport) => Partial<Transport>,
  told: RegExp,
])[] = [
  [
    (line) => ({ writeBytes: (_, start, end) => line.writeText('x'.repeat(end - start)) }),
    /^an echo came back changed$/,
  ],
  // What was under way is lost, too, or not.
  [(line) => ({ shutDown: () => line.abort() }), /^an (end was not told|echo came back changed)$/],
  [(line) => ({ abort: () => line.shutDown() }), /^a reset looked like an end$/],
]

for (const kind of transports) {
  for (const [name, tryIt] of [
    ['plain', tryOut],
    ['TLS', tryOutTls],
  ] as const) {
    t.test(`${kind}, ${name}: a network that works passes`, async (t) => {
      await t.resolves(tryIt((await openNetwork(kind, onBug)).network))
    })

    t.test(`${kind}, ${name}: what a network does wrong is told`, async (t) => {
      const { network } = await openNetwork(kind, onBug)
      for (const [change, message] of faults)
        await t.rejects(tryIt(spoiled(network, change)), { message })
    })
  }

  t.test(`${kind}: a network that knows no TLS is told, too`, async (t) => {
    const { network } = await openNetwork(kind, onBug)
    const plain: Network = { ...network, listen: (where, accept) => network.listen(where, accept) }
    await t.rejects(tryOutTls(plain), { code: 'EPROTO' })
  })
}

t.test('this Node passes, with TLS and without', async (t) => {
  for (const tls of [false, true]) {
    const { kind, reason } = await openNetwork('auto', onBug, { tls })
    t.equal(kind, 'handle', reason)
  }
})
