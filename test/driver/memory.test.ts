import t from 'tap'
import { EngineError } from '#driver/driver.ts'
import { exits, openMemory, serves } from '#driver/memory/memory.ts'
import { fleetSuite } from './fleet-suite.ts'
import { canConnect, waitUntil } from './network.ts'
import { programOf } from './programs.ts'
import { copySpec } from './specs.ts'
import type { Ground } from './specs.ts'
import { scripts, workshopSuite } from './workshop-suite.ts'

const ground: Ground = {
  stackImage: 'stack',
  layers: ['/nowhere'],
  subnetOf: () => '10.0.0.0/26',
}

const { fleet, workshop } = openMemory({
  program: ({ command }) => programOf(command),
  sandbox: (spec, onOutput, signal) => {
    const script = Object.values(scripts).find(({ text }) => text === spec.argv[2])
    if (script === undefined) throw new Error('no such script')
    return script.sandbox(onOutput, signal)
  },
  images: { stack: 'sha256:57ac' },
})
fleetSuite('memory', fleet, ground)
workshopSuite('memory', workshop, ground)

const signal = AbortSignal.timeout(30_000)

void t.test('a test can make a copy exit, and say that memory was the reason', async (t) => {
  const memory = openMemory()
  const spec = copySpec(ground, 'anything')
  await memory.fleet.start(spec, signal)
  memory.fleet.exit(spec.name, 137, { oomKilled: true })
  t.equal(await memory.fleet.wait(spec.name, signal), 137)
  t.match(await memory.fleet.list({}, signal), [{ state: 'exited', oomKilled: true }])
})

void t.test('a test can make copies fail to start', async (t) => {
  const beforeStart = async (): Promise<void> => {
    throw new EngineError('no room', false)
  }
  const memory = openMemory({ beforeStart })
  await t.rejects(memory.fleet.start(copySpec(ground, ''), signal), { message: 'no room' })
  t.same(await memory.fleet.list({}, signal), [])
})

void t.test('a test can take the engine away and give it back', async (t) => {
  const memory = openMemory()
  memory.fleet.setReachable(false)
  await t.rejects(memory.fleet.list({}, signal), { name: 'EngineError', unreachable: true })
  memory.fleet.setReachable(true)
  t.same(await memory.fleet.list({}, signal), [])
})

void t.test('copies listen on one port at addresses of their own until they end', async (t) => {
  const memory = openMemory({ program: ({ index }) => (index === 3 ? exits(1) : serves()) })
  const specs = [1, 2].map((index) => copySpec(ground, '', { index }))
  for (const spec of specs) await memory.fleet.start(spec, signal)
  const [one, two] = await memory.fleet.list({}, signal)
  for (const copy of [one, two]) {
    await waitUntil(() => canConnect(copy?.address ?? '', 5000))
    t.pass(`${copy?.name} listens`)
  }
  for (const { name } of specs) await memory.fleet.stop(name, 1000, signal)
  t.notOk(await canConnect(one?.address ?? '', 5000))
})
