import { Readable } from 'node:stream'
import t from 'tap'
import { readStatus } from '#driver/docker/buildkit.ts'
import { demultiplex } from '#driver/docker/demultiplex.ts'
import { chainRules } from '#driver/docker/firewall.ts'
import { routeSubnets } from '#driver/docker/foreign.ts'
import { uidOf } from '#driver/docker/image-facts.ts'
import { bridgeName, bridgePrefix, checkName } from '#driver/docker/names.ts'
import { toLines } from '#driver/docker/output.ts'
import { imageBody, treeBody } from '#driver/docker/profile.ts'
import { slotBody } from '#driver/docker/sandbox-profile.ts'
import type { DockerSettings } from '#driver/docker/settings.ts'
import { shapeOf } from '#driver/docker/slot.ts'
import { gatewayOf, pickAddress } from '#driver/docker/subnet.ts'
import { openLog } from '#lib/log.ts'
import { copySpec, limits, sandboxSpec } from './specs.ts'
import type { Ground } from './specs.ts'

/** The parts of the Docker driver that decide without touching anything. */

const ground: Ground = { stackImage: 'stack', layers: ['/l'], subnetOf: () => '10.0.0.0/26' }
const settings: DockerSettings = {
  instance: 'main',
  runDir: '/run',
  runtimesDir: '/runtimes',
  caBundle: '/ca.pem',
  routerPorts: [8080, 8443],
  log: openLog('test', () => undefined),
}
const place = { network: 'net', address: '10.0.0.2', atMs: 1 }
const copy = copySpec(ground, `echo "$HOME"; 'quoted'`)
const facts = { user: '1000', uid: 1000, volumes: ['/data'] }

const bodies = {
  tree: treeBody(copy, place, '/mounted', settings),
  image: imageBody(copy, place, 'sha256:1', facts, settings),
  sandbox: slotBody(
    shapeOf(sandboxSpec(ground, 'true'), 'sha256:1'),
    { network: 'net', group: '/builds', base: '/run/one', places: [], owner: null },
    settings,
  ),
}

for (const [name, body] of Object.entries(bodies)) {
  void t.test(`the ${name} profile leaves nothing open`, async (t) => {
    t.match(body.User, /^[1-9]\d*(:\d+)?$/)
    t.match(body.HostConfig, {
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      ReadonlyRootfs: true,
      Memory: limits.memoryBytes,
      MemorySwap: limits.memoryBytes,
      PidsLimit: limits.pids,
      Init: true,
      IpcMode: 'private',
      RestartPolicy: { Name: 'no' },
      NetworkMode: 'net',
    })
    const tmpfs = Object.values(body.HostConfig?.Tmpfs ?? {})
    t.ok(tmpfs.length > 0 && tmpfs.every((options) => options.includes(`size=${limits.diskBytes}`)))
    t.equal(body.Labels?.['slipway.instance'], 'main')
  })
}

void t.test('a command line is one argument, never part of a text', async (t) => {
  t.same(bodies.tree.Cmd, [copy.command])
  t.notOk(String(bodies.tree.Entrypoint).includes('quoted'))
})

void t.test('variables of the app win over ours', async (t) => {
  const spec = { ...copy, env: { HOME: '/mine', SSL_CERT_FILE: '/my.pem' } }
  const { Env } = treeBody(spec, place, '/mounted', settings)
  t.ok(Env?.includes('HOME=/mine') && Env.includes('SSL_CERT_FILE=/my.pem'))
  t.ok(Env?.includes('PIP_CERT=/etc/ssl/certs/ca-certificates.crt'))
})

void t.test('addresses are used up to the last one of a subnet, none twice', async (t) => {
  const taken = new Set<string>()
  for (let i = 0; i < 13; i += 1) {
    const address = pickAddress('10.0.0.16/28', taken, `copy-${i}`)
    taken.add(address ?? 'none')
  }
  t.equal(taken.size, 13)
  t.notOk(['10.0.0.16', '10.0.0.17', '10.0.0.31', 'none'].some((address) => taken.has(address)))
  t.equal(pickAddress('10.0.0.16/28', taken, 'one more'), null)
  t.equal(gatewayOf('10.0.0.16/28'), '10.0.0.17')
})

void t.test('bridges have names that Linux takes, and a prefix for each instance', async (t) => {
  t.equal(bridgeName('main', 'slw-main-1a2b3c4d').length, 15)
  t.ok(bridgeName('main', 'a').startsWith(bridgePrefix('main')))
  t.not(bridgePrefix('main'), bridgePrefix('test'))
  t.not(bridgeName('main', 'a'), bridgeName('main', 'b'))
})

void t.test('the rules let answers and the router through and end in a drop', async (t) => {
  const rules = chainRules(settings).split('\n')
  const input = rules.filter((rule) => /^-A SLIPWAY-\w+-IN/.test(rule))
  const ports = [/--dport 8080 -j ACCEPT$/, /--dport 8443 -j ACCEPT$/]
  t.match(input, [/ESTABLISHED,RELATED -j ACCEPT$/, ...ports, /-IN -j DROP$/])
  const plain = chainRules({ ...settings, routerPorts: [8080, 0] })
  t.equal(plain.match(/--dport/g)?.length, 1, 'one that is not served opens nothing')
})

void t.test('routes over our own bridges are not foreign', async (t) => {
  const routes = [
    { dst: 'default', dev: 'eth0' },
    { dst: '10.217.0.0/26', dev: 'slwabcd00000000' },
    { dst: '192.0.2.0/24', dev: 'eth0' },
    { dst: '198.51.100.7', dev: 'tun0' },
  ]
  t.same(routeSubnets(routes, 'slwabcd'), ['192.0.2.0/24', '198.51.100.7/32'])
})

void t.test('a name that leads out of its folder is refused', async (t) => {
  for (const name of ['../x', 'a/b', '', '.', '-x']) t.throws(() => checkName(name), TypeError)
  t.equal(checkName('slw-main-web.1'), 'slw-main-web.1')
})

void t.test('users are looked up by their whole name', async (t) => {
  const passwd = 'root:x:0:0:::\nnodejs:x:7:7:::\nnode:x:1000:1000:::\n'
  t.same([uidOf('node', passwd), uidOf('root', passwd), uidOf('no', passwd)], [1000, 0, null])
})

const frame = (kind: number, text: string): Buffer => {
  const head = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

void t.test('streams are told apart however the bytes arrive', async (t) => {
  const bytes = Buffer.concat([frame(1, 'one'), frame(2, 'two'), frame(1, ''), frame(1, 'three')])
  for (const size of [1, 3, 8, 11, 1000]) {
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    const seen: string[] = []
    for await (const piece of demultiplex(Readable.from(chunks))) {
      seen.push(`${piece.stream} ${piece.bytes.toString()}`)
    }
    t.same(seen, ['stdout one', 'stderr two', 'stdout ', 'stdout three'], `${size} bytes a chunk`)
  }
})

void t.test('a long line is put together again, beside one of the other stream', async (t) => {
  const time = '2026-01-02T03:04:05.678901234Z'
  const pieces = [
    { time, stream: 'stdout', text: 'a long' },
    { time, stream: 'stderr', text: 'short\n' },
    { time, stream: 'stdout', text: ' line\r\n' },
    { time, stream: 'stdout', text: 'unfinished' },
  ] as const
  const lines: string[] = []
  for await (const { text, atMs } of toLines(Readable.from(pieces))) lines.push(`${atMs} ${text}`)
  const atMs = Date.parse('2026-01-02T03:04:05.678Z')
  t.same(lines, [`${atMs} short`, `${atMs} a long line`, `${atMs} unfinished`])
})

void t.test('what BuildKit says is read, and what we do not know is passed over', async (t) => {
  const bytes = (id: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([id * 8 + 2, content.length]), content])
  const step = Buffer.concat([
    bytes(1, Buffer.from('sha256:1')),
    bytes(2, Buffer.from('sha256:0')),
    bytes(3, Buffer.from('[1/2] RUN make')),
    Buffer.from([4 * 8, 1]),
    bytes(5, Buffer.from([8, 1])),
  ])
  const log = Buffer.concat([bytes(1, Buffer.from('sha256:1')), bytes(4, Buffer.from('made\n'))])
  t.match(readStatus(Buffer.concat([bytes(1, step), bytes(2, log), bytes(3, log)])), {
    steps: [{ digest: 'sha256:1', name: '[1/2] RUN make', isCached: true, hasStarted: true }],
    logs: [Buffer.from('made\n')],
  })
  t.throws(() => readStatus(Buffer.from([10, 200])), RangeError)
})
