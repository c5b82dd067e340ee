import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openPlatform, until } from '#test/system/harness.ts'
import type { TestApp } from '#test/system/harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

const server = (text: string): string => `
import { createServer } from 'node:http'
createServer((_, answer) => answer.end('${text}')).listen(process.env.PORT)
`

async function page(app: TestApp): Promise<string> {
  try {
    const { status, body } = await app.get()
    return status === 200 ? body : ''
  } catch {
    return ''
  }
}

/** Host process ids of the containers of this test's apps, as after a power cut. */
function containerPids(apps: readonly TestApp[]): number[] {
  return apps.flatMap(({ app }) => {
    const filter = `label=slipway.app-id=${app.id}`
    const format = '{{.ID}} {{.Names}}'
    const list = ['ps', '--format', format, '--filter', filter]
    const lines = execFileSync('docker', list, { encoding: 'utf8' }).split('\n').filter(Boolean)
    // Beside those that wait to become a copy.
    return lines
      .filter((line) => !line.includes('-ready-'))
      .map((line) => line.split(' ')[0] ?? '')
      .map((id) =>
        Number(
          execFileSync('docker', ['inspect', '-f', '{{.State.Pid}}', id], { encoding: 'utf8' }),
        ),
      )
  })
}

// Only an engine that scripts/prepare started for us may be killed.
const enginePid = (): number => Number(readFileSync('/run/docker.pid', 'utf8'))
const prepare = join(import.meta.dirname, '../../../scripts/prepare')
const skip = existsSync('/run/systemd/system') ? 'the engine belongs to systemd here' : false

t.test(
  'everything and the engine killed: each host name answers with its own app',
  { skip },
  async (t) => {
    const apps: TestApp[] = []
    for (const text of ['first', 'second']) {
      const app = await slipway.newApp('node')
      await app.change('server.js', server(text))
      t.equal((await app.push()).code, 0)
      apps.push(app)
    }
    const [first, second] = apps as [TestApp, TestApp]
    const copies = containerPids(apps)
    t.equal(copies.length, 2)

    const programs = (['controller', 'builder', 'router'] as const).map((name) => slipway.pid(name))
    for (const pid of [...programs, enginePid(), ...copies]) process.kill(pid, 'SIGKILL')
    execFileSync(prepare, { stdio: 'ignore' })

    const strangers: string[] = []
    await until('both pages are back', async () => {
      const [one, two] = [await page(first), await page(second)]
      if (one !== '' && one !== 'first') strangers.push(`first answered ${one}`)
      if (two !== '' && two !== 'second') strangers.push(`second answered ${two}`)
      return one === 'first' && two === 'second'
    })
    t.same(strangers, [])
    t.equal((await first.push('main:main')).code, 0, 'and a push works')
  },
)

t.test('an engine killed in a build refuses that push with a sentence', { skip }, async (t) => {
  const app = await slipway.newApp('node', (folder) => {
    const path = join(folder, 'package.json')
    const json = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: object }
    const scripts = { ...json.scripts, build: 'echo building for long; sleep 30' }
    writeFileSync(path, JSON.stringify({ ...json, scripts }))
  })
  let isKilled = false
  const push = await app.push('main', (text) => {
    if (isKilled || !text.includes('building for long')) return
    isKilled = true
    process.kill(enginePid(), 'SIGKILL')
  })
  execFileSync(prepare, { stdio: 'ignore' })
  t.ok(isKilled, push.output)
  t.not(push.code, 0)
  t.match(push.output, /error: .*container engine/)
  t.match(push.output, /hint: /)
  t.equal((await app.git('ls-remote', 'deis')).output, '', 'no ref has moved')

  await app.change('package.json', app.read('package.json').replace('; sleep 30', ''))
  const again = await app.push()
  t.equal(again.code, 0, again.output)
  await until('no build is left over', () => {
    const filter = [
      '--filter',
      `label=slipway.app-id=${app.app.id}`,
      '--filter',
      'label=slipway.role=build',
    ]
    return execFileSync('docker', ['ps', '-aq', ...filter], { encoding: 'utf8' }) === ''
  })
})
