import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { LogFile } from '#controller/logs/file.ts'
import { formatLine, isWanted } from '#controller/logs/line.ts'
import { openLogs } from '#controller/logs/logs.ts'
import type { Logs } from '#controller/logs/logs.ts'
import type { CopySpec, Fleet } from '#driver/driver.ts'
import { idles, openMemory } from '#driver/memory/memory.ts'
import { openLog } from '#lib/log.ts'

const log = openLog('controller', () => undefined)
const environmentId = 'e1'

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slw-logs-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const spec: CopySpec = {
  name: 'slw-main-shop-1a2b3c4d-web-1',
  owner: { appId: 'a', environmentId, app: 'shop' },
  deploymentId: 'd',
  release: 1,
  type: 'web',
  index: 1,
  artifact: { kind: 'image', image: 'none' },
  stackImage: '',
  command: 'x',
  env: {},
  subnet: '10.217.0.0/26',
  limits: { memoryBytes: 1, cpuShares: 1, pids: 1, openFiles: 1, diskBytes: 1 },
}

/** Everything a log has, without times. */
async function textsOf(logs: Logs): Promise<string[]> {
  const reading = await logs.read(environmentId, 10_000, {})
  reading.stop()
  return reading.past.map((line) => line.replace(/^\S+ /, ''))
}

async function follow(logs: Logs, fleet: Fleet): Promise<void> {
  logs.follow(await fleet.list({}, AbortSignal.timeout(1000)))
}

t.test('killed at any moment, a collector goes on without loss or doubling', async (t) => {
  const folder = await folderOf(t)
  let write: (text: string) => void = () => undefined
  const { fleet } = openMemory({
    program: () => async (surroundings) => {
      write = (text) => void surroundings.stdout.write(`${text}\n`)
      return idles(surroundings)
    },
  })
  await fleet.start(spec, AbortSignal.timeout(1000))
  let logs = openLogs({ folder: join(folder, '0'), fleet, log })
  let written = 0
  for (let generation = 1; generation <= 6; generation += 1) {
    await follow(logs, fleet)
    // Some in the same millisecond, some not; some before a commit, some after.
    for (let line = 0; line < 50; line += 1) {
      write(`line ${(written += 1)}`)
      if (line % 7 === 0) await sleep(1)
    }
    if (generation % 2 === 0) await sleep(1050)
    for (let line = 0; line < 10; line += 1) write(`line ${(written += 1)}`)
    await sleep(generation * 3)
    // What the disk has now is what a kill leaves behind.
    await cp(join(folder, String(generation - 1)), join(folder, String(generation)), {
      recursive: true,
    })
    await logs.close()
    logs = openLogs({ folder: join(folder, String(generation)), fleet, log })
  }
  await follow(logs, fleet)
  fleet.exit(spec.name, 0)
  await logs.finish(spec.name, AbortSignal.timeout(1000))
  t.same(
    await textsOf(logs),
    Array.from({ length: written }, (_, at) => `app[web.1]: line ${at + 1}`),
  )
  await logs.close()
})

t.test('a copy that is started again is followed again', async (t) => {
  const { fleet } = openMemory({
    program:
      () =>
      async ({ stdout }) => {
        stdout.write('hello\n')
        return 1
      },
  })
  const logs = openLogs({ folder: await folderOf(t), fleet, log })
  for (const _ of [1, 2]) {
    await fleet.start(spec, AbortSignal.timeout(1000))
    await sleep(10)
    await follow(logs, fleet)
    await follow(logs, fleet)
    await logs.finish(spec.name, AbortSignal.timeout(1000))
    await fleet.stop(spec.name, 0, AbortSignal.timeout(1000))
  }
  t.same(await textsOf(logs), ['app[web.1]: hello', 'app[web.1]: hello'])
  await logs.close()
})

t.test('a log rotates, and what is read is the newest of both files', async (t) => {
  const folder = await folderOf(t)
  const errors: unknown[] = []
  const options = {
    rotateBytes: 2000,
    commitMs: 5,
    onError: (error: unknown) => errors.push(error),
  }
  const file = new LogFile(folder, options)
  for (let at = 1; at <= 200; at += 1) {
    await file.append({ atMs: at, source: 'app', from: 'web.1', text: `line ${at}` }, 'web')
    if (at % 10 === 0) await file.read(1, {})
  }
  const { lines } = await file.read(30, {})
  t.equal(lines.length, 30)
  t.match(lines.at(-1), /line 200$/)
  t.match(lines[0], /line 171$/)
  await file.close()
  for (const name of ['current.log', 'previous.log'])
    t.ok((await stat(join(folder, name))).size < 3000, name)
  t.same((await readdir(folder)).toSorted(), ['current.log', 'cursors.json', 'previous.log'])
  const again = new LogFile(folder, options)
  t.same(await again.cursor('web'), { atMs: 200, count: 1 })
  await again.close()
  t.same(errors, [])
})

t.test('however many requests there are, what the app wrote stays', async (t) => {
  const { fleet } = openMemory({})
  const folder = await folderOf(t)
  const logs = openLogs({ folder, fleet, log })
  logs.event(environmentId, 'deploy', 'v1 is live')
  const atMs = Date.now() + 1
  const flood = Array.from({ length: 1000 }, () => ({ atMs, text: 'x'.repeat(1000) }))
  for (let at = 0; at < 15; at += 1) await logs.requests(environmentId, flood)
  const reading = await logs.read(environmentId, 10_000, {})
  reading.stop()
  const { past } = reading
  t.match(past[0], 'slipway[deploy]: v1 is live')
  t.ok(past.length > 4000 && past.length < 10_001, `${past.length} lines`)
  t.same(await logs.environments(), [environmentId])
  await logs.forget(environmentId)
  t.same(await logs.environments(), [])
  await logs.close()
})

t.test('whoever reads and follows gets every line once', async (t) => {
  const { fleet } = openMemory({})
  const logs = openLogs({ folder: await folderOf(t), fleet, log })
  let said = 0
  const ticking = setInterval(() => logs.event(environmentId, 'deploy', `${(said += 1)}`), 1)
  await sleep(20)
  const reading = await logs.read(environmentId, 1000, {})
  const seen = [...reading.past]
  await sleep(20)
  reading.follow((line) => seen.push(line))
  await sleep(20)
  clearInterval(ticking)
  reading.stop()
  t.same(
    seen.map((line) => Number(line.split(' ').at(-1))),
    seen.map((_, at) => at + 1),
  )
  t.equal(seen.length, said)
  await logs.close()
})

t.test('a line is one line, not too long, and nobody can speak for us', (t) => {
  const line = { atMs: 0, source: 'app', from: 'web.1' } as const
  const forged = formatLine({
    ...line,
    text: 'x\n2026-01-01T00:00:00.000Z slipway[deploy]: v9 is live',
  })
  t.equal(forged.split('\n').length, 1)
  t.notOk(isWanted(forged, { source: 'slipway' }))
  const long = formatLine({ ...line, text: 'é'.repeat(20_000) })
  t.ok(Buffer.byteLength(long) < 16_500)
  t.match(long, /é … \(cut\)$/)
  t.ok(isWanted(forged, { dyno: 'web' }) && isWanted(forged, { dyno: 'web.1' }))
  t.notOk(isWanted(forged, { dyno: 'we' }))
  t.end()
})
