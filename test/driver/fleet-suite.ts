import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import type { Fleet, Instance, OutputLine } from '#driver/driver.ts'
import { canConnect, waitUntil } from './network.ts'
import { programs } from './programs.ts'
import { copySpec, freshName, stopAll } from './specs.ts'
import type { Ground } from './specs.ts'

/** Patience of a single test. */
const patience = (): AbortSignal => AbortSignal.timeout(30_000)
/** Of a command that ends before. */
const timeoutMs = 60_000

/** What every driver's fleet does. */
export function fleetSuite(driver: string, fleet: Fleet, ground: Ground): void {
  const test = (name: string, run: (t: Test) => Promise<void>): void => {
    void t.test(`${driver}: ${name}`, async (t) => {
      t.teardown(() => stopAll(fleet, patience()))
      await run(t)
    })
  }

  const find = async (name: string): Promise<Instance | undefined> =>
    (await fleet.list({}, patience())).find((instance) => instance.name === name)

  test('a started copy is listed with all that was said of it', async (t) => {
    const spec = copySpec(ground, programs.idles.command)
    await fleet.start(spec, patience())
    const { owner, deploymentId, release, type, index } = spec
    const seen = await find(spec.name)
    t.match(seen, {
      owner,
      deploymentId,
      release,
      type,
      index,
      state: 'running',
      address: /^\d+\.\d+\.\d+\.\d+$/,
      exitCode: null,
      oomKilled: false,
    })
    t.ok(Math.abs(Date.now() - (seen?.startedAtMs ?? 0)) < 20_000)
  })

  test('a copy answers at its address', async (t) => {
    const spec = copySpec(ground, programs.serves.command)
    await fleet.start(spec, patience())
    const address = (await find(spec.name))?.address ?? ''
    await waitUntil(() => canConnect(address, 5000))
    const response = await fetch(`http://${address}:5000/`, { signal: patience() })
    t.match(await response.text(), /hello/)
  })

  test('starting a name twice, even at once, starts it once', async (t) => {
    const spec = copySpec(ground, programs.idles.command)
    await Promise.all([fleet.start(spec, patience()), fleet.start(spec, patience())])
    const first = await find(spec.name)
    await fleet.start(spec, patience())
    t.same(await fleet.list({}, patience()), [first])
  })

  test('an exited copy is not started again by its name', async (t) => {
    const spec = copySpec(ground, programs.exits3.command)
    await fleet.start(spec, patience())
    t.equal(await fleet.wait(spec.name, patience()), 3)
    await fleet.start(spec, patience())
    t.match(await find(spec.name), {
      state: 'exited',
      exitCode: 3,
      oomKilled: false,
      address: null,
    })
  })

  test('copies of one environment have addresses of their own', async (t) => {
    const specs = [1, 2, 3].map((index) => copySpec(ground, programs.idles.command, { index }))
    await Promise.all(specs.map((spec) => fleet.start(spec, patience())))
    const addresses = (await fleet.list({}, patience())).map(({ address }) => address)
    t.equal(new Set(addresses).size, 3)
    t.notOk(addresses.includes(null))
  })

  test('a list is of one environment or of all', async (t) => {
    const here = copySpec(ground, programs.idles.command, { environmentId: 'env-one' })
    const there = copySpec(ground, programs.idles.command, { environmentId: 'env-two' })
    await Promise.all([here, there].map((spec) => fleet.start(spec, patience())))
    t.equal((await fleet.list({}, patience())).length, 2)
    const some = await fleet.list({ environmentId: 'env-two' }, patience())
    t.same(
      some.map(({ name }) => name),
      [there.name],
    )
  })

  test('a copy that obeys SIGTERM may clean up and is gone well before its grace ends', async (t) => {
    const spec = copySpec(ground, programs.cleansUp.command)
    await fleet.start(spec, patience())
    const lines = collect(fleet.output(spec.name, { sinceMs: 0, follow: true }, patience()))
    await pause(300)
    const begun = performance.now()
    await fleet.stop(spec.name, 20_000, patience())
    t.ok(performance.now() - begun < 10_000)
    t.equal(await find(spec.name), undefined)
    const said = (await lines).filter((line) => line.stream === 'stdout')
    t.same(
      said.map((line) => line.text),
      ['ready', 'bye'],
    )
  })

  test('a copy that ignores SIGTERM is killed when its grace ends', async (t) => {
    const spec = copySpec(ground, programs.ignoresSignals.command)
    await fleet.start(spec, patience())
    await pause(200)
    const begun = performance.now()
    await fleet.stop(spec.name, 500, patience())
    t.ok(performance.now() - begun >= 490)
    t.equal(await find(spec.name), undefined)
  })

  test('stopping what is gone does nothing, and neither has its output', async (t) => {
    const name = freshName()
    await fleet.stop(name, 1000, patience())
    t.same(await collect(fleet.output(name, { sinceMs: 0, follow: true }, patience())), [])
  })

  test('output is told line by line and by stream, and ends with the copy', async (t) => {
    const spec = copySpec(ground, programs.speaks.command)
    const begunMs = Date.now() - 1000
    await fleet.start(spec, patience())
    const lines = await collect(
      fleet.output(spec.name, { sinceMs: begunMs, follow: true }, patience()),
    )
    const of = (stream: string) => lines.filter((l) => l.stream === stream).map((l) => l.text)
    t.same([of('stdout'), of('stderr')], [['one', 'three', 'end'], ['two']])
    t.ok(lines.every(({ atMs }) => atMs >= begunMs && atMs < Date.now() + 1000))
    const last = lines.find((line) => line.text === 'three')?.atMs ?? 0
    await fleet.wait(spec.name, patience())
    const late = await collect(
      fleet.output(spec.name, { sinceMs: last, follow: false }, patience()),
    )
    t.same(
      late.map((line) => line.text),
      ['three', 'end'],
    )
  })

  test('whoever watches is called when a copy starts and when it ends', async (t) => {
    const watching = new AbortController()
    let calls = 0
    const watched = fleet.watch((id) => (calls += id === 'env-one' ? 1 : 0), watching.signal)
    await pause(300)
    const spec = copySpec(ground, programs.speaks.command)
    await fleet.start(spec, patience())
    await fleet.wait(spec.name, patience())
    await waitUntil(() => calls >= 2)
    watching.abort()
    await watched
    t.pass()
  })

  test('a one-off reads, writes to two streams and ends with its code', async (t) => {
    const spec = copySpec(ground, programs.shouts.command, { type: 'run' })
    const oneOff = await fleet.attach(spec, null, patience())
    t.match(await find(spec.name), { type: 'run', state: 'running' })
    oneOff.stdin.end('make some\nnoise\n')
    const [stdout, stderr] = await Promise.all([text(oneOff.stdout), text(oneOff.stderr)])
    t.same([stdout, stderr], ['MAKE SOME\nNOISE\n', 'done\n'])
    t.equal(await oneOff.exit, 5)
    await oneOff.close()
    t.equal(await find(spec.name), undefined)
  })

  test('a one-off can be sent a signal', async (t) => {
    const oneOff = await fleet.attach(
      copySpec(ground, programs.idles.command, { type: 'run' }),
      null,
      patience(),
    )
    await pause(200)
    await oneOff.signal('SIGTERM')
    t.equal(await oneOff.exit, 143)
    await oneOff.close()
  })

  test('closing a one-off kills and removes it', async (t) => {
    const spec = copySpec(ground, programs.ignoresSignals.command, { type: 'run' })
    const oneOff = await fleet.attach(spec, { columns: 80, rows: 24 }, patience())
    await oneOff.resize(100, 30)
    const ended = once(oneOff.stdout.resume(), 'end')
    await oneOff.close()
    await ended
    t.equal(await oneOff.exit, 137)
    t.equal(await find(spec.name), undefined)
  })

  test('what is aborted throws the reason it was aborted for', async (t) => {
    const signal = AbortSignal.abort(new Error('never mind'))
    const expected = { message: 'never mind' }
    await t.rejects(fleet.list({}, signal), expected)
    await t.rejects(fleet.start(copySpec(ground, programs.idles.command), signal), expected)
    await t.rejects(fleet.wait(freshName(), signal), expected)
  })

  test('what was made ready for the next copy never stands in the way of a network', async (t) => {
    for (let round = 0; round < 2; round += 1) {
      const spec = copySpec(ground, programs.idles.command, { environmentId: 'env-two' })
      await fleet.start(spec, patience())
      await fleet.makeReady(patience())
      t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
      await fleet.stop(spec.name, 0, patience())
      await fleet.removeNetwork('env-two', patience())
    }
  })

  test('a command runs in a copy, as its own does, and ends with its code', async (t) => {
    const spec = copySpec(ground, programs.idles.command)
    const exec = (command: string) => fleet.exec({ ...spec, command, timeoutMs }, patience())
    await t.rejects(exec(programs.exits3.command), { name: 'EngineError' }, 'there is no copy')
    await fleet.start(spec, patience())
    t.equal(await exec(programs.exits3.command), 3)
    t.equal(await exec(programs.greets.command), 0)
    t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
  })

  test('a command in a copy that takes too long is killed, and the copy runs on', async (t) => {
    const spec = copySpec(ground, programs.idles.command)
    await fleet.start(spec, patience())
    const time = new AbortController()
    const begun = performance.now()
    const { command } = programs.ignoresSignals
    t.equal(await fleet.exec({ ...spec, command, timeoutMs: 500 }, time.signal), null)
    const asked = fleet.exec({ ...spec, command, timeoutMs }, time.signal)
    await pause(500)
    time.abort(new Error('enough'))
    await t.rejects(asked, { message: 'enough' })
    t.ok(performance.now() - begun < 5000)
    t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
  })

  test('removing a network that is not there does nothing', async (t) => {
    await t.resolves(fleet.removeNetwork('env-nobody', patience()))
  })
}

async function collect(lines: AsyncIterable<OutputLine>): Promise<OutputLine[]> {
  const all: OutputLine[] = []
  for await (const line of lines) all.push(line)
  return all
}
