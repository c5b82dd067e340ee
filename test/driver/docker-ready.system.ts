import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { CopySpec, Fleet, SandboxSpec, Workshop } from '#driver/driver.ts'
import { openDocker } from '#driver/docker/docker.ts'
import { gatewayOf } from '#driver/docker/subnet.ts'
import { openGround } from './docker-ground.ts'
import { fleetSuite } from './fleet-suite.ts'
import { canConnect, waitUntil } from './network.ts'
import { programs } from './programs.ts'
import { copySpec, limits, sandboxSpec } from './specs.ts'
import { workshopSuite } from './workshop-suite.ts'

/** Containers that were made ready before they were needed do all that others do, and may no more. */

const run = promisify(execFile)
const MiB = 1024 ** 2
const patience = (): AbortSignal => AbortSignal.timeout(120_000)

const ground = await openGround()
t.teardown(() => ground.close())
const { settings } = ground

const fleet: Fleet = {
  ...ground.fleet,
  start: async (spec, signal) => {
    await ground.fleet.makeReady(signal)
    await ground.fleet.start(spec, signal)
  },
}
const workshop: Workshop = {
  ...ground.workshop,
  run: async (spec, onOutput, signal) => {
    await ground.workshop.makeReady(signal)
    return ground.workshop.run({ ...spec, recurs: true }, onOutput, signal)
  },
}

fleetSuite('docker, made ready', fleet, ground)
workshopSuite('docker, made ready', workshop, ground)

/** Runs a copy that waited for its job, until it ends; what it printed. */
async function copy(script: string, changes: Partial<CopySpec> = {}): Promise<string> {
  const before = copySpec(ground, 'exit 0', changes)
  await fleet.start(before, patience())
  await fleet.stop(before.name, 0, patience())
  const spec = copySpec(ground, script, changes)
  await fleet.start(spec, patience())
  await fleet.wait(spec.name, patience())
  const { stdout } = await run('/usr/bin/docker', ['inspect', spec.name])
  t.match(stdout, /slipway.made-as/, 'it had waited')
  let output = ''
  const options = { sinceMs: 0, follow: false }
  for await (const { text } of fleet.output(spec.name, options, patience())) output += `${text}\n`
  await fleet.stop(spec.name, 0, patience())
  return output
}

/** The same of a sandbox. */
async function sandbox(script: string, changes: Partial<SandboxSpec> = {}): Promise<string> {
  await workshop.run(sandboxSpec(ground, 'true', changes), () => undefined, patience())
  await ground.workshop.makeReady(patience())
  let output = ''
  const spec = sandboxSpec(ground, script, changes)
  await workshop.run(spec, (chunk) => (output += String(chunk)), patience())
  return output
}

const rights =
  'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp:)" /proc/self/status; ' +
  'for d in / /usr /etc /var/tmp /runtimes /run /run/slot /home; do touch $d/x 2>/dev/null && echo "can write to $d"; done'
const nobody = /^10001\nCapEff:\s+0+\nCapBnd:\s+0+\nNoNewPrivs:\s+1\nSeccomp:\s+2\n$/

void t.test('one that waited is nobody special', async (t) => {
  t.match(await copy(rights), nobody)
  t.match(await sandbox(rights), nobody)
})

void t.test('it is bounded in memory, processes and files', async (t) => {
  const bomb = `perl -e '$n = 0; while (defined($p = fork)) { if (!$p) { sleep 5; exit } $n++ } print "made $n\n"'`
  const big = 'head -c 40M /dev/zero > /tmp/big'
  for (const output of [await copy(`${bomb}; ${big}`), await sandbox(`${bomb}; ${big}`)]) {
    const made = Number(/made (\d+)/.exec(output)?.[1])
    t.ok(made > 10 && made < limits.pids, `${made} processes`)
    t.match(output, /No space left on device/)
  }
  t.match(await copy('head -c 40M /dev/zero > /app/big'), /No space left on device/)
  const greedy = `perl -e '$x = "a" x (300 * 1024 * 1024); print "had", " it"'`
  t.notMatch(await copy(greedy), /had it/)
  const spec = sandboxSpec(ground, greedy, { limits: { ...limits, memoryBytes: 32 * MiB } })
  await workshop.run({ ...spec, argv: ['/bin/true'] }, () => undefined, patience())
  t.same(await workshop.run(spec, () => undefined, patience()), { kind: 'out-of-memory' })
})

void t.test('it reaches neither the host nor another environment', async (t) => {
  const far = copySpec(ground, programs.serves.command, { environmentId: 'env-two' })
  await fleet.start(far, patience())
  const address = (await fleet.list({ environmentId: 'env-two' }, patience()))[0]?.address ?? ''
  await waitUntil(() => canConnect(address, 5000))
  const reaches = (host: string, port: number): string =>
    `timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>/dev/null && echo yes || echo no`
  const gateways = [ground.subnetOf('env-one'), settings.buildSubnet ?? ''].map(gatewayOf)
  const script = [reaches(address, 5000), ...gateways.map((host) => reaches(host, 22))].join(';')
  t.equal(await copy(script), 'no\nno\nno\n')
  t.equal(await sandbox(script), 'no\nno\nno\n')
  await fleet.stop(far.name, 0, patience())
})

void t.test('what it is given is seen by nobody else', async (t) => {
  const secret = 'correct-horse-battery-staple'
  await copy('exit 0')
  const spec = copySpec(ground, 'echo "$TOKEN"; sleep 30', { env: { TOKEN: secret } })
  await fleet.start(spec, patience())
  const shown = await run('/usr/bin/docker', ['inspect', spec.name])
  const processes = await run('ps', ['axww'])
  t.notOk(shown.stdout.includes(secret))
  t.notOk(processes.stdout.includes(secret))
  await fleet.stop(spec.name, 0, patience())
})

void t.test('nothing a job left running outlives it', async (t) => {
  const mark = 'sleep 4242'
  await sandbox(`(setsid ${mark} &) > /dev/null 2>&1`)
  const { stdout } = await run('ps', ['axww'])
  t.notOk(stdout.includes(mark))
  t.same(
    (await readdir(join(settings.runDir, 'sandboxes'))).filter((name) => !name.includes('ready')),
    [],
  )
})

void t.test('what an earlier process had ready is removed by the next', async (t) => {
  await copy('exit 0')
  await fleet.makeReady(patience())
  const waiting = async (): Promise<string[]> => {
    const filter = `name=slw-${settings.instance}-ready`
    const { stdout } = await run('/usr/bin/docker', ['ps', '-aq', '--filter', filter])
    return stdout.split('\n').filter(Boolean)
  }
  const before = await waiting()
  t.ok(before.length >= 2, 'a sandbox and a copy')
  t.same(await fleet.list({}, patience()), [], 'none is listed as a copy')
  const next = await openDocker(settings)
  const spec = copySpec(ground, 'sleep 30')
  await next.fleet.start(spec, patience())
  await next.workshop.run(sandboxSpec(ground, 'true'), () => undefined, patience())
  const left = await waiting()
  t.notOk(left.some((id) => before.includes(id)))
  await next.fleet.stop(spec.name, 0, patience())
})
