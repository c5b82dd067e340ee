import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import t from 'tap'
import type { CopySpec } from '#driver/driver.ts'
import { chainsOf } from '#driver/docker/firewall.ts'
import { gatewayOf } from '#driver/docker/subnet.ts'
import { openGround } from './docker-ground.ts'
import { canConnect, waitUntil } from './network.ts'
import { programs } from './programs.ts'
import { copySpec, limits, sandboxSpec, stopAll } from './specs.ts'

/** What a hostile app cannot do. */

const MiB = 1024 ** 2
const run = promisify(execFile)
const patience = (): AbortSignal => AbortSignal.timeout(60_000)

const router = await listen()
const routerOverTls = await listen()
const stranger = await listen()
const ground = await openGround({
  routerPorts: [router, routerOverTls].map(({ server }) => portOf(server)),
})
t.teardown(async () => {
  await ground.close()
  for (const { server } of [router, routerOverTls, stranger]) server.close()
})
t.afterEach(() => stopAll(ground.fleet, patience()))
const { fleet, workshop } = ground

/** A listener of the host on all its addresses. */
async function listen(): Promise<{ server: Server; guests: number }> {
  const listener = { server: createServer(), guests: 0 }
  listener.server.on('connection', (socket) => {
    listener.guests += 1
    socket.on('error', () => undefined).end('welcome\n')
  })
  listener.server.listen(0, '0.0.0.0')
  await once(listener.server, 'listening')
  return listener
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** An address of the host that is not on one of our bridges. */
async function hostAddress(): Promise<string> {
  const { stdout } = await run('ip', ['-4', '-json', 'route', 'get', '192.0.2.255'])
  return (JSON.parse(stdout) as { prefsrc: string }[])[0]?.prefsrc ?? ''
}

/** The engine may hear of it after it has heard of the end. */
async function untilOutOfMemory(): Promise<void> {
  await waitUntil(async () => (await fleet.list({}, patience()))[0]?.oomKilled === true)
}

/** Runs a script as a one-off; all it printed. */
async function inside(script: string, changes: Partial<CopySpec> = {}): Promise<string> {
  const oneOff = await fleet.attach(copySpec(ground, script, changes), null, patience())
  oneOff.stdin.end()
  const [stdout, stderr] = await Promise.all([text(oneOff.stdout), text(oneOff.stderr)])
  await oneOff.close()
  return stdout + stderr
}

/** Says `yes` when a connection can be made. */
const reaches = (address: string, port: number): string =>
  `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${port}' && echo yes || echo no`

void t.test('it is nobody special', async (t) => {
  const seen = await inside('id -u; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status')
  t.match(seen, /^10001\n/)
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    t.match(seen, new RegExp(`${set}:\\s+0+\\n`))
  }
  t.match(seen, /NoNewPrivs:\s+1/)
  t.match(seen, /Seccomp:\s+2/)
})

void t.test('it can write to /app and /tmp and nowhere else', async (t) => {
  const places = '/app /tmp / /usr /etc /var/tmp /runtimes /run /home /root'
  const seen = await inside(
    `for d in ${places}; do touch $d/x 2>/dev/null && echo "yes $d" || echo "no $d"; done`,
  )
  const writable = seen.split('\n').filter((line) => line.startsWith('yes'))
  t.same(writable, ['yes /app', 'yes /tmp'])
})

void t.test('it sees its app, may change its copy of it, and not the artifact', async (t) => {
  t.equal(
    await inside('cat index.txt; echo changed > index.txt; cat index.txt; pwd; echo $HOME'),
    'hello\nchanged\n/app\n/app\n',
  )
  t.equal(await inside('cat index.txt'), 'hello\n')
})

void t.test('it cannot see the engine', async (t) => {
  t.equal(await inside('ls /var/run/docker.sock /run/docker.sock 2>/dev/null; echo end'), 'end\n')
})

void t.test('its files are bounded in size', async (t) => {
  t.match(await inside('head -c 40M /dev/zero > /app/big'), /No space left on device/)
  t.match(await inside('head -c 40M /dev/zero > /tmp/big'), /No space left on device/)
})

void t.test('its processes are bounded in number', async (t) => {
  const bomb = `perl -e '$n = 0; while (defined($p = fork)) { if (!$p) { sleep 5; exit } $n++ } print $n'`
  const made = Number(await inside(bomb))
  t.ok(made > 10 && made < limits.pids, `${made} processes`)
})

void t.test('its memory is bounded, and the list says that it died of that', async (t) => {
  const greedy = `perl -e '$x = "a" x (300 * 1024 * 1024); sleep 60'`
  const spec = copySpec(ground, greedy, { limits: { ...limits, memoryBytes: 32 * MiB } })
  await fleet.start(spec, patience())
  t.equal(await fleet.wait(spec.name, patience()), 137)
  await untilOutOfMemory()
  t.match(await fleet.list({}, patience()), [{ state: 'exited', exitCode: 137 }])
})

void t.test('one that was killed otherwise did not run out of memory', async (t) => {
  const spec = copySpec(ground, "sh -c 'kill -9 $$'; exit 137")
  await fleet.start(spec, patience())
  t.equal(await fleet.wait(spec.name, patience()), 137)
  t.match(await fleet.list({}, patience()), [{ exitCode: 137, oomKilled: false }])
})

void t.test('its files count as its memory, so they cannot use up the host', async (t) => {
  const small = { ...limits, memoryBytes: 32 * MiB, diskBytes: 256 * MiB }
  const spec = copySpec(ground, 'exec dd if=/dev/zero of=/app/big bs=1M count=200', {
    limits: small,
  })
  await fleet.start(spec, patience())
  t.equal(await fleet.wait(spec.name, patience()), 137)
  await untilOutOfMemory()
})

void t.test('of the host it reaches the router and nothing else', async (t) => {
  const gateway = gatewayOf(ground.subnetOf('env-one'))
  for (const { server } of [router, routerOverTls]) {
    t.match(await inside(reaches(gateway, portOf(server))), /yes/)
  }
  t.match(await inside(reaches(gateway, portOf(stranger.server))), /no/)
  t.match(await inside(reaches(await hostAddress(), portOf(stranger.server))), /no/)
  t.equal(stranger.guests, 0)
  t.ok(router.guests > 0)
})

void t.test('it has no way to link-local addresses such as cloud metadata', async (t) => {
  await inside(reaches('169.254.169.254', 80))
  const chain = chainsOf(ground.settings.instance).forward
  const { stdout } = await run('iptables', ['-nvxL', chain])
  const dropped = Number(/^\s*(\d+).*169\.254\.0\.0/m.exec(stdout)?.[1])
  t.ok(dropped > 0, `${dropped} packets dropped`)
})

void t.test('it reaches copies of its own environment and of no other', async (t) => {
  const near = copySpec(ground, programs.serves.command, { environmentId: 'env-one' })
  const far = copySpec(ground, programs.serves.command, { environmentId: 'env-two' })
  await Promise.all([near, far].map((spec) => fleet.start(spec, patience())))
  const copies = await fleet.list({}, patience())
  const addressOf = ({ name }: CopySpec) => copies.find((copy) => copy.name === name)?.address ?? ''
  for (const spec of [near, far]) await waitUntil(() => canConnect(addressOf(spec), 5000))
  t.match(await inside(reaches(addressOf(near), 5000)), /yes/)
  t.match(await inside(reaches(addressOf(far), 5000)), /no/)
})

void t.test('a sandbox reaches neither the host nor a copy', async (t) => {
  const copy = copySpec(ground, programs.serves.command)
  await fleet.start(copy, patience())
  const [{ address } = { address: null }] = await fleet.list({}, patience())
  await waitUntil(() => canConnect(address ?? '', 5000))
  const gateway = gatewayOf(ground.settings.buildSubnet ?? '')
  const script = [reaches(gateway, portOf(stranger.server)), reaches(address ?? '', 5000)].join(';')
  let seen = ''
  await workshop.run(sandboxSpec(ground, script), (chunk) => (seen += String(chunk)), patience())
  t.equal(seen.replaceAll(/^(?!yes|no).*\n/gm, ''), 'no\nno\n')
  t.equal(stranger.guests, 0)
})

void t.test('a terminal has the size it was given', async (t) => {
  const script = 'stty size; read -r _; stty size; [ -t 0 ] && [ -t 1 ] && echo terminal'
  const spec = copySpec(ground, script)
  const oneOff = await fleet.attach(spec, { columns: 100, rows: 30 }, patience())
  const said = text(oneOff.stdout)
  await oneOff.resize(120, 40)
  oneOff.stdin.write('\r')
  t.match(await said, /40 120\r\nterminal/)
  t.equal(await oneOff.exit, 0)
  await oneOff.close()
})
