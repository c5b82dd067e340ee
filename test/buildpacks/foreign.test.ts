import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BuildEnd, buildHere, isLacking } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }

/** A folder of the test's own; asking twice does not empty it. */
function rootOf(t: Test): string {
  return existsSync(t.testdirName) ? t.testdirName : t.testdir({})
}

/** A buildpack that is not ours: what its programs do, in the words of the shell. */
async function writePack(t: Test, programs: Readonly<Record<string, string>>): Promise<string> {
  const home = join(rootOf(t), `pack-${Math.random().toString(36).slice(2)}`)
  await mkdir(join(home, 'bin'), { recursive: true })
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(home, 'bin', name), `#!/bin/bash\n${text}\n`)
    await chmod(join(home, 'bin', name), 0o755)
  }
  return home
}

interface Built extends BuildEnd {
  readonly app: string
  readonly out: string
}

async function build(t: Test, packs: readonly string[], env = {}): Promise<Built> {
  const root = rootOf(t)
  const app = join(root, 'app')
  const out = join(root, 'out')
  await mkdir(app, { recursive: true })
  await mkdir(out, { recursive: true })
  await writeFile(join(app, 'index.html'), '<p>hello</p>')
  const settings = { SLIPWAY_PACKS: packs.join(' '), SLIPWAY_RELEASES: out, ...env }
  return { ...(await buildHere(app, settings)), app, out }
}

t.test(
  'a foreign pack is asked, compiles and releases by the classic contract',
  skip,
  async (t) => {
    const pack = await writePack(t, {
      detect: '[[ -f $1/index.html ]] && echo "  Brain"$\'\\e[1m\'"fuck"',
      compile: `
      printf '%s\\n' "$#" "$STACK" "$(cat "$3/GREETING")" > "$1/seen"
      [[ -d $2 ]] && echo kept > "$2/mine"
      env | grep ^SLIPWAY_ > "$1/env"
      mkdir -p "$1/.profile.d" && echo 'export A=1' > "$1/.profile.d/a.sh"
      echo '-----> Compiling'; echo '       a line below it'`,
      release: 'printf -- "---\\ndefault_process_types:\\n  web: run it\\n"',
    })
    const env = join(rootOf(t), 'env')
    await mkdir(env)
    await writeFile(join(env, 'GREETING'), 'hello there')
    const { code, output, result, app, out } = await build(t, [pack], {
      STACK: 'slipway-12',
      CONFIG: env,
    })
    t.equal(code, 0, output)
    t.match(output, '-----> Brain[1mfuck app detected\n-----> Compiling\n       a line below it\n')
    t.match(result, { stage: 'release', buildpack: 'Brain[1mfuck', pack })
    t.equal(await readFile(join(app, 'seen'), 'utf8'), '3\nslipway-12\nhello there\n')
    t.notMatch(await readFile(join(app, 'env'), 'utf8'), /SLIPWAY_(RESULT|NEEDS|PACKS|RELEASES)/)
    t.match(await readFile(join(out, 'release-1.yml'), 'utf8'), 'web: run it')
  },
)

t.test('what a pack exports the next one has, ours too', skip, async (t) => {
  const first = await writePack(t, {
    detect: 'echo First',
    compile:
      'echo "export PATH=/opt/first:\\$PATH UNSET=\\$NOT_THERE" > "$(dirname "$0")/../export"',
  })
  const second = await writePack(t, {
    detect: 'echo Second',
    compile: 'echo "       path: ${PATH%%:*}"',
  })
  const { code, output, result } = await build(t, [first, second, 'static'])
  t.equal(code, 0, output)
  t.match(output, /First app detected\n.*Second app detected\n +path: \/opt\/first\n.*Static/s)
  t.equal(result.pack, 'static')
  t.match(Object.keys(result.process_types), ['web'])
})

t.test('a pack that was chosen and says no ends the build, with what it said', skip, async (t) => {
  const pack = await writePack(t, { detect: 'echo no cobol here; exit 3', compile: 'exit 0' })
  const { code, output, result } = await build(t, [pack])
  t.equal(code, 1)
  t.equal(output, '       no cobol here\n')
  t.match(result, { stage: 'detect', pack })
})

t.test('the exit code of a pack is the one of the build', skip, async (t) => {
  const compile = await writePack(t, { detect: 'echo A', compile: 'echo oh; exit 42' })
  t.match(await build(t, [compile]), { code: 42, result: { stage: 'compile', buildpack: 'A' } })
  const release = await writePack(t, { detect: 'echo A', compile: '', release: 'exit 43' })
  t.match(await build(t, [release]), { code: 43, result: { stage: 'release' } })
  const deaf = await writePack(t, { detect: 'echo A' })
  t.match(await build(t, [deaf]), { code: 127, result: { stage: 'compile' } })
})

t.test('a pack that leaves processes behind holds nothing up', skip, async (t) => {
  const pack = await writePack(t, {
    detect: 'sleep 20 & echo A',
    compile: '(sleep 20 > /dev/null 2>&1 &)',
    release: 'echo "--- {}"',
  })
  const beganAt = performance.now()
  t.equal((await build(t, [pack])).code, 0)
  t.ok(performance.now() - beganAt < 10_000)
})

t.test('a pack that releases without end is cut', skip, async (t) => {
  const pack = await writePack(t, { detect: 'echo A', compile: '', release: 'yes' })
  const { code, out } = await build(t, [pack])
  t.equal(code, 0)
  t.equal((await readFile(join(out, 'release-1.yml'))).length, 131_072)
})
