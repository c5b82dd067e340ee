import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { openDocker } from '#driver/docker/docker.ts'
import type { OutputLine } from '#driver/driver.ts'
import { openGround } from './docker-ground.ts'
import { waitUntil } from './network.ts'
import { programs } from './programs.ts'
import { copySpec, freshName, sandboxSpec, stopAll } from './specs.ts'

/** What an earlier call got done before its program was killed must not hinder the next one. */

const run = promisify(execFile)
const patience = (): AbortSignal => AbortSignal.timeout(30_000)
const docker = async (...args: string[]): Promise<string> =>
  (await run('/usr/bin/docker', args)).stdout.trim()

const ground = await openGround()
t.teardown(() => ground.close())
t.afterEach(() => stopAll(ground.fleet, patience()))
const { fleet, workshop, settings } = ground
const states = async () => (await fleet.list({}, patience())).map(({ state }) => state)

async function mounted(name: string): Promise<number> {
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  return table.split('\n').filter((line) => line.includes(`${settings.runDir}/copies/${name}`))
    .length
}

void t.test('a call that is cut off at any moment is completed by the next', async (t) => {
  for (const afterMs of [0, 5, 15, 30, 60, 100, 160, 240]) {
    const spec = copySpec(ground, programs.idles.command, { environmentId: `env-${afterMs % 3}` })
    await fleet.start(spec, AbortSignal.timeout(afterMs)).catch(() => undefined)
    await fleet.start(spec, patience())
    t.same(await states(), ['running'], `cut off after ${afterMs} ms`)
    await fleet.stop(spec.name, 0, patience())
    t.equal(await mounted(spec.name), 0)
  }
})

void t.test('mounts without a container are taken away', async (t) => {
  const spec = copySpec(ground, programs.idles.command)
  await fleet.start(spec, patience())
  await docker('rm', '--force', spec.name)
  t.equal(await mounted(spec.name), 2)
  // The next program that starts a copy sweeps first.
  const { fleet: next } = await openDocker(settings)
  const other = copySpec(ground, programs.idles.command)
  await next.start(other, patience())
  t.equal(await mounted(spec.name), 0)
  t.equal(await mounted(other.name), 2)
})

void t.test('a copy whose mounts a reboot took is seen exited and can be stopped', async (t) => {
  const spec = copySpec(ground, programs.idles.command)
  await fleet.start(spec, patience())
  await docker('kill', spec.name)
  await run('umount', ['--lazy', `${settings.runDir}/copies/${spec.name}/app`])
  await run('umount', ['--lazy', `${settings.runDir}/copies/${spec.name}`])
  t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'exited', exitCode: 137 }])
  await fleet.stop(spec.name, 1000, patience())
  t.same(await states(), [])
})

void t.test('a command that does not exist is an exit that its output explains', async (t) => {
  const artifact = { kind: 'image', image: ground.stackImage } as const
  const spec = copySpec(ground, 'nosuchprogram --now', { artifact })
  await fleet.start(spec, patience())
  t.equal(await fleet.wait(spec.name, patience()), 127)
  const lines: OutputLine[] = []
  const all = fleet.output(spec.name, { sinceMs: 0, follow: true }, patience())
  for await (const line of all) lines.push(line)
  t.match(lines, [{ stream: 'stderr', text: /nosuchprogram.*not found/ }])
})

void t.test('an instance sees and touches nothing of another one', async (t) => {
  const other = await openGround()
  t.teardown(() => other.close())
  const mine = copySpec(ground, programs.idles.command)
  const theirs = copySpec(other, programs.idles.command)
  await fleet.start(mine, patience())
  await other.fleet.start(theirs, patience())
  t.match(await fleet.list({}, patience()), [{ name: mine.name }])
  t.match(await other.fleet.list({}, patience()), [{ name: theirs.name }])
  await other.fleet.stop(mine.name, 0, patience())
  await other.workshop.sweep(patience())
  await other.fleet.stop(theirs.name, 0, patience())
  await other.fleet.removeNetwork('env-one', patience())
  t.same(await states(), ['running'])
  t.ok((await other.fleet.foreignSubnets(patience())).includes(ground.subnetOf('env-one')))
  t.notOk((await fleet.foreignSubnets(patience())).includes(ground.subnetOf('env-one')))
})

void t.test('a network is made once, goes when asked to, and not while it is used', async (t) => {
  const { fleet: second } = await openDocker(settings)
  const one = copySpec(ground, programs.idles.command, { environmentId: 'env-two' })
  const two = copySpec(ground, programs.idles.command, { environmentId: 'env-two' })
  await Promise.all([fleet.start(one, patience()), second.start(two, patience())])
  t.same(await states(), ['running', 'running'])
  const filters = [`environment-id=env-two`, `instance=${settings.instance}`]
  const only = filters.flatMap((label) => ['--filter', `label=slipway.${label}`])
  const count = async () => (await docker('network', 'ls', '-q', ...only)).split('\n')
  t.equal((await count()).length, 1)
  await t.rejects(fleet.removeNetwork('env-two', patience()), { name: 'EngineError' })
  await stopAll(fleet, patience())
  await fleet.removeNetwork('env-two', patience())
  t.same(await count(), [''])
})

void t.test('a subnet whose environment is gone serves the next one it is given to', async (t) => {
  const subnet = ground.subnetOf('env-two')
  const gone = copySpec(ground, programs.idles.command, { environmentId: 'env-gone', subnet })
  await fleet.start(gone, patience())
  await stopAll(fleet, patience())
  const next = copySpec(ground, programs.idles.command, { environmentId: 'env-two' })
  await fleet.start(next, patience())
  t.same(await states(), ['running'])
})

void t.test('when the end of a copy is told, it is seen ended', async (t) => {
  const stop = new AbortController()
  let seen: string[] = []
  const told = Promise.withResolvers<void>()
  const watching = fleet.watch(() => {
    void states().then((now) => {
      seen = now
      if (now[0] === 'exited') told.resolve()
    })
  }, stop.signal)
  await pause(500)
  const spec = copySpec(ground, 'sleep 0.5')
  await fleet.start(spec, patience())
  await Promise.race([told.promise, pause(5000)])
  t.same(seen, ['exited'])
  stop.abort()
  await watching
})

void t.test('a sweep removes sandboxes that a killed builder left', async (t) => {
  const spec = sandboxSpec(ground, 'sleep 600')
  const ended = workshop.run(spec, () => undefined, patience())
  await pause(1000)
  t.equal(await docker('ps', '-q', '--filter', `name=${spec.name}`).then((id) => id.length), 12)
  const { workshop: next } = await openDocker(settings)
  await next.sweep(patience())
  t.equal(await docker('ps', '-aq', '--filter', `name=${spec.name}`), '')
  await ended.catch(() => undefined)
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  t.notOk(table.includes(spec.name))
})

void t.test('an engine that is not there is an error for people', async (t) => {
  const nowhere = await openDocker({ ...settings, socketPath: '/nonexistent/docker.sock' })
  await t.rejects(nowhere.fleet.list({}, patience()), {
    name: 'EngineError',
    unreachable: true,
    message: /container engine at \/nonexistent\/docker\.sock is not there/,
  })
})

void t.test('an image that is not there is an error that names it', async (t) => {
  const image = `slipway-nobody:${freshName()}`
  const spec = copySpec(ground, 'true', { artifact: { kind: 'image', image } })
  await t.rejects(fleet.start(spec, patience()), { unreachable: false, message: new RegExp(image) })
})

void t.test('whoever watches is called again when a lost engine is back', async (t) => {
  const socketPath = `${ground.folder}/engine.sock`
  const engine = await openProxy(socketPath)
  const { fleet: far } = await openDocker({ ...settings, socketPath })
  const spec = copySpec(ground, programs.idles.command)
  await far.start(spec, patience())
  const watching = new AbortController()
  let calls = 0
  const watched = far.watch(() => (calls += 1), watching.signal)
  await waitUntil(() => calls > 0)
  await engine.close()
  await t.rejects(far.list({}, patience()), { name: 'EngineError', unreachable: true })
  await fleet.stop(spec.name, 0, patience())
  await fleet.start(copySpec(ground, programs.idles.command), patience())
  calls = 0
  const again = await openProxy(socketPath)
  await waitUntil(() => calls > 0)
  watching.abort()
  await watched
  await again.close()
})

/** Stands before the real engine, so that a test can take it away. */
async function openProxy(path: string): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const engine = connect('/var/run/docker.sock')
    for (const socket of [client, engine]) {
      sockets.add(socket.on('error', () => undefined))
    }
    client.pipe(engine).pipe(client)
  }).listen(path)
  await once(server, 'listening')
  return {
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
