import { join } from 'node:path'
import t from 'tap'
import { buildHere, buildpacks, isLacking, run } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }
const program = 'package main\n\nfunc main() {}\n'

t.test('go.mod says which Go is wanted', skip, async (t) => {
  const cases: [string, string][] = [
    ['1.24', 'go 1.24'],
    ['1.24.3', 'go 1.24.3'],
    ['1.25.1', 'go 1.24\n\ntoolchain go1.25.1'],
    ['1.26', 'go 1.16'],
    ['1.26', ''],
  ]
  for (const [spec, lines] of cases) {
    const app = t.testdir({ 'go.mod': `module example.com/a\n\n${lines}\n`, 'main.go': program })
    const { code, result } = await buildHere(app)
    t.equal(code, 75)
    t.strictSame(result.needs, [{ pack: 'go', name: 'go', spec }])
  }
})

t.test(
  'the newest patch release of the store is taken, none older than wanted',
  skip,
  async (t) => {
    const store = t.testdir({ go: { '1.24.2': {}, '1.24.10': {}, '1.25.0': {} } })
    const cases: [string, string][] = [
      ['1.24', '1.24.10'],
      ['1.24.9', '1.24.10'],
      ['1.24.11', ''],
      ['1.26', ''],
    ]
    for (const [wanted, version] of cases) {
      t.equal(await ask(`stored_go ${wanted}`, '/', { SLIPWAY_RUNTIMES: store }), version)
    }
  },
)

t.test('programs are the root and those below cmd, named as Go names them', skip, async (t) => {
  const app = t.testdir({
    'go.mod': 'module example.com/shop/v2\n',
    'main.go': program,
    cmd: { worker: { 'main.go': program }, tool: { internal: { 'a.go': 'package internal\n' } } },
    lib: { 'lib.go': 'package lib\n' },
  })
  t.equal(await ask('find_programs', app), '.\n./cmd/worker')
  t.equal(await ask('program_name .', app), 'shop')
  t.equal(await ask('program_name ./cmd/worker', app), 'worker')
})

/** What a function of lib/module.sh prints, called in a folder. */
async function ask(
  call: string,
  folder: string,
  env: Record<string, string> = {},
): Promise<string> {
  const script = `. "$1"; cd "$2"; ${call}`
  const args = ['-c', script, 'bash', join(buildpacks, 'go/lib/module.sh'), folder]
  const { output } = await run('bash', args, env)
  return output.trim()
}
