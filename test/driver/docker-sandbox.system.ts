import { execFile } from 'node:child_process'
import { chown, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import type { SandboxEnd, SandboxSpec } from '#driver/driver.ts'
import { openGround } from './docker-ground.ts'
import { limits, sandboxSpec } from './specs.ts'

const MiB = 1024 ** 2
const run = promisify(execFile)
const patience = (): AbortSignal => AbortSignal.timeout(60_000)

const ground = await openGround()
t.teardown(() => ground.close())
const { workshop } = ground

async function sandbox(
  script: string,
  changes: Partial<SandboxSpec> = {},
): Promise<{ end: SandboxEnd; output: string }> {
  let output = ''
  const write = (chunk: Buffer): void => void (output += chunk.toString())
  const end = await workshop.run(sandboxSpec(ground, script, changes), write, patience())
  return { end, output }
}

async function emptyFolder(name: string): Promise<string> {
  const path = join(ground.folder, name)
  await mkdir(path)
  await chown(path, 10001, 10001)
  return path
}

void t.test('a sandbox is as confined as a copy', async (t) => {
  const { output } = await sandbox(
    'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; touch /usr/x /etc/x /run/x',
  )
  t.match(output, /^10001\n/)
  t.match(output, /CapEff:\s+0+\nCapBnd:\s+0+\nNoNewPrivs:\s+1\n/)
  t.equal(output.match(/Read-only file system|Permission denied/g)?.length, 3)
})

void t.test('whoever wakes up goes before a build', async (t) => {
  const spec = sandboxSpec(ground, 'cat /proc/self/cgroup; sleep 60')
  const stop = new AbortController()
  const printed = Promise.withResolvers<string>()
  const print = (chunk: Buffer): void => printed.resolve(chunk.toString())
  const ended = workshop.run(spec, print, stop.signal).catch(() => undefined)
  const group = /^\d+:(?:cpu,cpuacct|cpu|):(.*)\/.*$/m.exec(await printed.promise)?.[1] ?? ''
  t.match(group, /^\/slipway/)
  const isIdle = async (root: string): Promise<boolean> =>
    (await readFile(join(root, group, 'cpu.idle'), 'utf8').catch(() => '')).startsWith('1')
  const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/cpu']
  while (!(await Promise.all(roots.map(isIdle))).includes(true)) await pause(20)
  stop.abort()
  await ended
})

void t.test(
  'a build directory under a read-only layer is a plain directory afterwards',
  async (t) => {
    const layer = await ground.tree('layer', { 'package.json': 'from the layer' })
    const upper = await ground.tree('build', { 'index.js': 'from the push' })
    const { end, output } = await sandbox('cat package.json index.js; echo made > made.txt; pwd', {
      overlay: { target: '/app', upper, lower: [layer] },
    })
    t.same(end, { kind: 'exit', code: 0 })
    t.equal(output, 'from the layerfrom the push/app\n')
    t.same((await readdir(upper)).sort(), ['index.js', 'made.txt'])
    t.same(await readdir(layer), ['package.json'])
    t.notOk((await readdir(ground.folder)).includes('build.work'))
  },
)

void t.test('without layers the build directory itself is the target', async (t) => {
  const upper = await emptyFolder('alone')
  const overlay = { target: '/app', upper, lower: [] }
  await sandbox('echo made > made.txt', { overlay })
  t.equal(await readFile(join(upper, 'made.txt'), 'utf8'), 'made\n')
})

void t.test('mounts are writable only where that was asked for', async (t) => {
  const [kept, given] = [await emptyFolder('kept'), await emptyFolder('given')]
  const { output } = await sandbox('touch /given/x; touch /kept/x', {
    mounts: [
      { source: kept, target: '/kept', writable: false },
      { source: given, target: '/given', writable: true },
    ],
  })
  t.match(output, /kept.*Read-only file system/)
  t.same([await readdir(kept), await readdir(given)], [[], ['x']])
})

void t.test('secrets are files that only the sandbox reads and nothing else shows', async (t) => {
  const secret = 'correct-horse-battery-staple'
  const spec = sandboxSpec(ground, 'cat /run/secrets/env/TOKEN; sleep 2; touch /run/secrets/x', {
    secrets: { 'env/TOKEN': secret, plain: '' },
  })
  let output = ''
  const ended = workshop.run(spec, (chunk) => (output += String(chunk)), patience())
  while (!output.includes(secret)) await pause(50)
  const shown = await run('/usr/bin/docker', ['inspect', spec.name])
  const processes = await run('ps', ['axeww'])
  t.notOk(shown.stdout.includes(secret))
  t.notOk(processes.stdout.includes(secret))
  const folder = join(ground.settings.runDir, 'sandboxes', spec.name, 'secrets')
  t.match(await stat(folder), { uid: 10001, mode: 0o40700 })
  t.match(await stat(join(folder, 'env/TOKEN')), { uid: 10001, mode: 0o100400 })
  await ended
  t.match(output, /Read-only file system/)
  t.same(await readdir(join(ground.settings.runDir, 'sandboxes')), [])
})

void t.test('a secret cannot be written elsewhere', async (t) => {
  const secrets = { '../../escaped': 'x' }
  await t.rejects(sandbox('true', { secrets }), { message: /cannot be the file name of a secret/ })
})

void t.test('running out of memory is told apart from failing', async (t) => {
  const greedy = `perl -e '$x = "a" x (300 * 1024 * 1024); sleep 60'`
  const small = { ...limits, memoryBytes: 32 * MiB }
  t.same((await sandbox(greedy, { limits: small })).end, { kind: 'out-of-memory' })
  t.same((await sandbox(`${greedy}; exit 3`, { limits: small })).end, { kind: 'out-of-memory' })
})

void t.test('much output arrives whole', async (t) => {
  const { output } = await sandbox('head -c 5M /dev/zero | tr "\\0" x')
  t.equal(output.length, 5 * MiB)
})

void t.test('an operator’s CA bundle is where tools look for it', async (t) => {
  const bundle = await ground.tree('ca', { 'bundle.pem': 'the certificates\n' })
  const other = await openGround({ caBundle: join(bundle, 'bundle.pem') })
  t.teardown(() => other.close())
  let output = ''
  const script = 'cat /etc/ssl/certs/ca-certificates.crt; echo $SSL_CERT_FILE $PIP_CERT'
  const spec = sandboxSpec(other, script, { env: { PIP_CERT: '/mine' } })
  await other.workshop.run(spec, (chunk) => (output += String(chunk)), patience())
  t.equal(output, 'the certificates\n/etc/ssl/certs/ca-certificates.crt /mine\n')
})
