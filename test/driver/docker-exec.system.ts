import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { openGround } from './docker-ground.ts'
import { waitUntil } from './network.ts'
import { programs } from './programs.ts'
import { copySpec, freshName, stopAll } from './specs.ts'

const run = promisify(execFile)
const timeoutMs = 60_000
const patience = (): AbortSignal => AbortSignal.timeout(60_000)
const ground = await openGround()
t.teardown(() => ground.close())
t.afterEach(() => stopAll(ground.fleet, patience()))
const { fleet } = ground
const idle = copySpec(ground, programs.idles.command)

const isRunning = async (words: string): Promise<boolean> =>
  (await run('ps', ['axww'])).stdout.includes(words)

void t.test('a command in a copy may no more than the copy itself', async (t) => {
  await fleet.start(idle, patience())
  const facts = ['"$(id -u)" = 10001', '! -w /']
  const tests = facts.map((fact) => `[ ${fact} ]`)
  const status = 'grep -Eq "^$1:\\s+0*$2$" /proc/self/status'
  const command = [...tests, `check() { ${status}; }`, 'check CapBnd 0', 'check NoNewPrivs 1'].join(
    ' && ',
  )
  t.equal(await fleet.exec({ ...idle, command, timeoutMs }, patience()), 0)
})

void t.test('a command in a copy that waited for its job has the variables of that', async (t) => {
  await fleet.start(idle, patience())
  await fleet.makeReady(patience())
  await fleet.stop(idle.name, 0, patience())
  const next = { ...idle, name: freshName(), env: { ...idle.env, COLOUR: 'blue' } }
  await fleet.start(next, patience())
  const command = '[ "$COLOUR$HOME" = blue/app ] && [ -f index.txt ]'
  t.equal(await fleet.exec({ ...next, command, timeoutMs }, patience()), 0)
})

void t.test('of a command that is aborted nothing is left, however much it printed', async (t) => {
  await fleet.start(idle, patience())
  const stop = new AbortController()
  const command = 'sleep 94 & head -c 10000000 /dev/zero; sleep 95; true'
  const asked = fleet.exec({ ...idle, command, timeoutMs }, stop.signal)
  await waitUntil(() => isRunning('sleep 95'))
  t.ok(await isRunning('sleep 94'))
  stop.abort(new Error('enough'))
  await t.rejects(asked, { message: 'enough' })
  await pause(200)
  t.notOk((await isRunning('sleep 94')) || (await isRunning('sleep 95')))
})

void t.test('a command that is not there ends with the code that says so', async (t) => {
  await fleet.start(idle, patience())
  t.equal(await fleet.exec({ ...idle, command: 'no-such-command', timeoutMs }, patience()), 127)
})
