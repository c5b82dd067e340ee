import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { openDocker } from '#driver/docker/docker.ts'
import type { CopySpec } from '#driver/driver.ts'
import { openGround } from './docker-ground.ts'
import { waitUntil } from './network.ts'
import { programs } from './programs.ts'
import { copySpec, freshName, limits, stopAll } from './specs.ts'

/** A container that waits for the next copy is never in the way, whatever became of those it waits for. */

const run = promisify(execFile)
const patience = (): AbortSignal => AbortSignal.timeout(60_000)
const docker = async (...args: string[]): Promise<string> =>
  (await run('/usr/bin/docker', args)).stdout.trim()

const ground = await openGround()
t.teardown(() => ground.close())
t.afterEach(async () => {
  await stopAll(ground.fleet, patience())
  for (const id of environments) await ground.fleet.removeNetwork(id, patience())
})
const environments = ['env-one', 'env-two', 'env-small', 'env-gone']
const { fleet, settings } = ground

/** Ids of the containers that wait. */
async function waiting(): Promise<string[]> {
  const names = await docker('ps', '-aq', '--filter', `name=slw-${settings.instance}-ready`)
  return names.split('\n').filter(Boolean)
}

async function mounts(): Promise<number> {
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  return table.split('\n').filter((line) => line.includes(`${settings.runDir}/copies/`)).length
}

/** One that ran and is gone, and the container that waits for the next. */
async function prepare(changes: Parameters<typeof copySpec>[2] = {}): Promise<CopySpec> {
  const spec = copySpec(ground, programs.idles.command, changes)
  await fleet.start(spec, patience())
  await fleet.makeReady(patience())
  await fleet.stop(spec.name, 0, patience())
  return { ...spec, name: freshName() }
}

const waited = async ({ name }: CopySpec): Promise<boolean> =>
  (await docker('inspect', '-f', '{{json .Config.Labels}}', name)).includes('made-as')

void t.test('one that an earlier process left goes with its network', async (t) => {
  await prepare()
  t.equal((await waiting()).length, 1)
  const { fleet: next } = await openDocker(settings)
  await next.removeNetwork('env-one', patience())
  t.same(await waiting(), [])
  t.equal(await mounts(), 0)
})

void t.test('a subnet in which one waits serves the environment it is given to', async (t) => {
  const subnet = ground.subnetOf('env-two')
  await prepare({ environmentId: 'env-gone', subnet })
  const next = copySpec(ground, programs.idles.command, { environmentId: 'env-two' })
  await fleet.start(next, patience())
  await fleet.stop(next.name, 0, patience())
  await fleet.makeReady(patience())
  const ids = await waiting()
  const owners = await docker('inspect', '-f', '{{json .Config.Labels}}', ...ids)
  t.match(owners, /env-two/)
  t.notMatch(owners, /env-gone/, 'none comes back for one that is gone')
})

void t.test('an environment that was given another subnet starts there', async (t) => {
  await prepare()
  const subnet = ground.subnetOf('env-elsewhere')
  const next = copySpec(ground, programs.idles.command, { subnet })
  await fleet.start(next, patience())
  await fleet.makeReady(patience())
  await fleet.stop(next.name, 0, patience())
  const again = { ...next, name: freshName() }
  await fleet.start(again, patience())
  t.ok(await waited(again))
  t.equal((await fleet.list({}, patience())).length, 1)
})

void t.test('when a subnet is full those that wait make room', async (t) => {
  const subnet = ground.subnetOf('env-small').replace('/28', '/29')
  const at = (index: number): CopySpec =>
    copySpec(ground, programs.idles.command, { environmentId: 'env-small', subnet, index })
  for (const index of [1, 2, 3]) await fleet.start(at(index), patience())
  await fleet.makeReady(patience())
  t.equal((await waiting()).length, 2, 'five addresses')
  for (const index of [4, 5]) await fleet.start(at(index), patience())
  t.equal((await fleet.list({}, patience())).length, 5)
  await t.rejects(fleet.start(at(6), patience()), { message: /no address left/ })
  await fleet.makeReady(patience())
})

void t.test('one does not become a copy that has other limits, and goes', async (t) => {
  const spec = await prepare()
  const before = await waiting()
  const more = { ...limits, memoryBytes: limits.memoryBytes * 2 }
  await fleet.start({ ...spec, limits: more }, patience())
  t.notOk(await waited(spec))
  await fleet.makeReady(patience())
  const after = await waiting()
  t.notOk(after.some((id) => before.includes(id)))
  const memory = await docker('inspect', '-f', '{{.HostConfig.Memory}}', ...after)
  t.match(memory.split('\n'), [String(more.memoryBytes)])
})

void t.test('at most eight wait, for those started last', async (t) => {
  for (let index = 1; index <= 10; index += 1) {
    const spec = copySpec(ground, 'exit 0', { index })
    await fleet.start(spec, patience())
    await fleet.stop(spec.name, 0, patience())
  }
  await fleet.makeReady(patience())
  t.equal((await waiting()).length, 8)
  await fleet.removeNetwork('env-one', patience())
  t.same(await waiting(), [])
})

void t.test('one that was killed is no copy, and another one comes for it', async (t) => {
  const spec = await prepare()
  for (const id of await waiting()) await docker('kill', id)
  await fleet.start(spec, patience())
  t.notOk(await waited(spec))
  await fleet.makeReady(patience())
  for (const id of await waiting()) await docker('kill', id)
  await fleet.makeReady(patience())
  const running = await docker('ps', '-q', '--filter', `name=slw-${settings.instance}-ready`)
  t.equal(running.length, 12)
})

/** Processes of the host with this command line. */
async function count(command: string): Promise<number> {
  const { stdout } = await run('ps', ['-eo', 'args'])
  return stdout.split('\n').filter((line) => `exec ${line}` === command).length
}

void t.test('one that is cut off while it becomes a copy leaves no second one', async (t) => {
  for (const afterMs of [0, 4, 8, 12, 16, 20, 25, 30, 40, 60]) {
    const command = `exec sleep 6${freshName().replaceAll(/\D/g, '')}`
    const spec = { ...(await prepare()), command }
    await fleet.start(spec, AbortSignal.timeout(afterMs)).catch(() => undefined)
    await fleet.start(spec, patience())
    await waitUntil(async () => (await count(command)) > 0)
    await pause(50)
    t.equal(await count(command), 1, `cut off after ${afterMs} ms`)
    t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
    await fleet.stop(spec.name, 0, patience())
    await fleet.removeNetwork('env-one', patience())
    t.equal(await mounts(), 0)
  }
})

/** Another process of the same instance, that is killed once it has said a word and some time has passed. */
async function killed(spec: CopySpec, word: string, afterMs: number): Promise<void> {
  const { log: _, ...rest } = settings
  const program = `
    import { openDocker } from '#driver/docker/docker.ts'
    import { openLog } from '#lib/log.ts'
    const [settings, spec, name] = JSON.parse(process.argv[1])
    const { fleet } = await openDocker({ ...settings, log: openLog('test', () => undefined) })
    const signal = AbortSignal.timeout(60_000)
    await fleet.start(spec, signal)
    console.log('making')
    await fleet.makeReady(signal)
    await fleet.stop(spec.name, 0, signal)
    console.log('becoming')
    await fleet.start({ ...spec, name }, signal)
    setInterval(() => undefined, 1000)`
  const given = JSON.stringify([rest, { ...spec, name: freshName() }, spec.name])
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, given], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  await waitUntil(() => said.includes(word))
  await pause(afterMs)
  child.kill('SIGKILL')
  await once(child, 'close')
}

void t.test('a process killed at any moment leaves nothing in the way of the next', async (t) => {
  const moments = [0, 40, 80, 120, 200, 300].map((ms) => ['making', ms] as const)
  const later = [0, 5, 10, 15, 20, 30, 50].map((ms) => ['becoming', ms] as const)
  for (const [word, afterMs] of [...moments, ...later]) {
    const spec = copySpec(ground, programs.idles.command)
    await killed(spec, word, afterMs)
    const { fleet: next } = await openDocker(settings)
    await next.start(spec, patience())
    const copies = await next.list({}, patience())
    t.match(
      copies.find(({ name }) => name === spec.name),
      { state: 'running' },
    )
    await next.makeReady(patience())
    t.equal((await waiting()).length, 1, `killed ${afterMs} ms after it said ${word}`)
    await stopAll(next, patience())
    await next.removeNetwork('env-one', patience())
    t.equal(await mounts(), 0)
  }
})

void t.test('whoever watches is told when one becomes a copy', async (t) => {
  const spec = await prepare()
  const watching = new AbortController()
  let calls = 0
  const watched = fleet.watch(() => (calls += 1), watching.signal)
  await pause(500)
  calls = 0
  await fleet.start(spec, patience())
  t.ok(await waited(spec))
  await waitUntil(() => calls > 0)
  watching.abort()
  await watched
})
