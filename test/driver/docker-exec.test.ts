import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openEngine } from '#driver/docker/engine.ts'
import { execInCopy } from '#driver/docker/exec.ts'
import type { Site } from '#driver/docker/site.ts'
import { copySpec } from './specs.ts'

/** Commands in copies, by an engine that is slow. */

interface Pace {
  /** Until it has made a command, and until it has connected us with it. */
  readonly callMs: number
  /** What it tells of the command, one after the other, the last one again and again. */
  readonly states: readonly State[]
  /** Until it tells it. */
  readonly lookMs?: number
  /** Whether the output of the command comes to an end. */
  readonly isSilent: boolean
}

interface State {
  readonly Running: boolean
  readonly Pid: number
  readonly ExitCode: number | null
}

const made = { Running: false, Pid: 0, ExitCode: null }
/** As long as its process is not there. */
const gone = { Running: true, Pid: 2 ** 22 + 1, ExitCode: null }
const ended = { Running: false, Pid: 0, ExitCode: 0 }

async function run(t: Test, { callMs, states, lookMs = 0, isSilent }: Pace, timeoutMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'engine-'))
  const path = join(folder, 'engine.sock')
  const left = [...states]
  const engine = createServer((request, response) => {
    const isLook = request.method === 'GET'
    const state = left.length > 1 ? left.shift() : left[0]
    const answer = isLook ? { ...state, ContainerID: 'c' } : { Id: 'e' }
    const send = (): unknown => response.writeHead(200).end(JSON.stringify(answer))
    setTimeout(send, isLook ? lookMs : callMs)
  })
  engine.on('upgrade', (_, socket) => {
    t.teardown(() => socket.destroy())
    void pause(callMs).then(() => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
      if (isSilent) socket.end()
    })
  })
  engine.listen(path)
  await once(engine, 'listening')
  t.teardown(() => {
    engine.close()
    engine.closeAllConnections()
    rmSync(folder, { recursive: true })
  })
  const ground = { stackImage: '', layers: [], subnetOf: () => '10.0.0.0/26' }
  const spec = copySpec(ground, 'true', { artifact: { kind: 'image', image: 'i' } })
  const site = { engine: await openEngine(path) } as Site
  return execInCopy(site, { ...spec, command: 'true', timeoutMs }, AbortSignal.timeout(20_000))
}

void t.test('the time a command has begins when it runs', async (t) => {
  const states = [...Array.from({ length: 20 }, () => made), gone, ended]
  t.equal(await run(t, { callMs: 300, states, isSilent: false }, 200), 0)
})

void t.test('a command that ended while the engine hung did not take too long', async (t) => {
  const states = [gone, gone, gone, ended]
  t.equal(await run(t, { callMs: 0, lookMs: 300, states, isSilent: false }, 100), 0)
})

void t.test('what the engine cannot start has the code that says so', async (t) => {
  t.equal(await run(t, { callMs: 0, states: [made], isSilent: true }, 100), 126)
})
