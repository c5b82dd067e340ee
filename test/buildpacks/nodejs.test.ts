import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildHere, buildpacks, isLacking, run } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }
const start = { scripts: { start: 'node server.js' } }

/** The files of an app, with its package.json as text or as a value. */
function appOf(
  packageJson: object | string,
  files: Record<string, string>,
): Record<string, string> {
  const json = typeof packageJson === 'string' ? packageJson : JSON.stringify(packageJson)
  return { 'package.json': json, ...files }
}

t.test('the wanted Node.js is asked for when the store has none', skip, async (t) => {
  const cases: [string, object, Record<string, string>][] = [
    ['24.x', start, {}],
    ['>=20 <23', { ...start, engines: { node: '>=20  <23' } }, {}],
    ['20', start, { '.nvmrc': '20\n' }],
    ['22.x', start, { '.nvmrc': 'lts/jod' }],
    ['v22.3.0', start, { '.node-version': '# why\nv22.3.0' }],
    ['18.x', { ...start, engines: { node: '18.x' } }, { '.nvmrc': '20' }],
  ]
  for (const [spec, json, files] of cases) {
    const { code, result } = await buildHere(t.testdir(appOf(json, files)))
    t.equal(code, 75)
    t.strictSame(result.needs, [{ pack: 'nodejs', name: 'node', spec }])
  }
})

t.test('the lock, or packageManager, says which package manager is wanted', skip, async (t) => {
  const pnpm = 'lockfileVersion: '
  const berry = { 'yarn.lock': '__metadata:\n  version: 8\n' }
  const cases: [string, object, Record<string, string>][] = [
    ['pnpm 10.x', {}, { 'pnpm-lock.yaml': `${pnpm}'9.0'\n` }],
    ['pnpm 8.x', {}, { 'pnpm-lock.yaml': `${pnpm}'6.0'\n` }],
    ['pnpm >=9 <10', { engines: { pnpm: '>=9 <10' } }, { 'pnpm-lock.yaml': `${pnpm}'9.0'\n` }],
    ['pnpm 9.1.0', { packageManager: 'pnpm@9.1.0+sha512.abc' }, {}],
    ['yarn 1.x', {}, { 'yarn.lock': '# yarn lockfile v1\n' }],
    ['yarn 4.x', {}, berry],
    ['yarn 3.8.7', { packageManager: 'yarn@3.8.7' }, berry],
    ['npm 11.2.0', { packageManager: 'npm@11.2.0' }, {}],
  ]
  const SLIPWAY_RUNTIMES = t.testdir({ node: { '24.1.0': {} } })
  for (const [need, json, files] of cases) {
    const app = join(SLIPWAY_RUNTIMES, need.replace(' ', '-'))
    mkdirSync(app)
    const all = Object.entries(appOf({ ...start, ...json }, files))
    for (const [name, content] of all) writeFileSync(join(app, name), content)
    const { code, result } = await buildHere(app, { SLIPWAY_RUNTIMES })
    t.equal(code, 75)
    t.equal(result.needs.map(({ name, spec }) => `${name} ${spec}`).join(), need)
  }
})

t.test('what must be corrected is said, with the file and the next step', skip, async (t) => {
  const cases: [string, object | string, Record<string, string>][] = [
    ['package.json is not valid JSON (line 2, column 1', '{"name":\n}', {}],
    ['package.json does not hold a JSON object', '[]', {}],
    ['"new" in engines.node in package.json is not a range', { engines: { node: 'new' } }, {}],
    ['"twenty" in .nvmrc is not a range', start, { '.nvmrc': 'twenty' }],
    ['package.json has no "start" script', { name: 'a' }, {}],
    ['"packageManager" in package.json is not', { ...start, packageManager: 'pnpm' }, {}],
    [
      'says npm, but the packages are locked by yarn.lock',
      { ...start, packageManager: 'npm@11.0.0' },
      { 'yarn.lock': '' },
    ],
    [
      'yarnPath in .yarnrc.yml names .yarn/a.cjs, which is not in the app',
      start,
      { 'yarn.lock': '__metadata:', '.yarnrc.yml': 'yarnPath: .yarn/a.cjs' },
    ],
    ['package-lock.json is not valid JSON', start, { 'package-lock.json': '<<<<<<< HEAD' }],
  ]
  for (const [sentence, json, files] of cases) {
    const { code, output, result } = await buildHere(t.testdir(appOf(json, files)))
    t.equal(code, 1)
    t.equal(result.stage, 'compile')
    t.match(output, sentence)
    t.match(output, /^hint: /m)
  }
})

t.test('ranges are read as npm reads them', skip, async (t) => {
  const versions = ['18.20.8', '20.1.0', '20.19.5', '22.0.0', '24.9.0', '24.21.0', '26.1.0']
  const cases: [string, string][] = [
    ['24.x', '24.21.0'],
    ['24', '24.21.0'],
    ['^20.1.0', '20.19.5'],
    ['~20.1', '20.1.0'],
    ['20.1.0', '20.1.0'],
    ['>=18 <22', '20.19.5'],
    ['18 || 20', '20.19.5'],
    ['18 - 20.2', '20.1.0'],
    ['<= 20', '20.19.5'],
    ['>24', '26.1.0'],
    ['>24.9 <26', '24.21.0'],
    ['23', ''],
    // Wide ranges get the line that is supported longest, not the newest.
    ['*', '24.21.0'],
    ['>=18', '24.21.0'],
    ['>=20 <24', '22.0.0'],
  ]
  const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
import semver
versions = [semver.parse_version(text) for text in json.loads(sys.argv[2])]
found = [semver.newest(versions, semver.parse_range(text), 24) for text in json.loads(sys.argv[3])]
print(json.dumps([".".join(map(str, version or ())) for version in found]))`
  const ranges = cases.map(([range]) => range)
  const lib = join(buildpacks, 'lib')
  const args = ['-Bc', program, lib, JSON.stringify(versions), JSON.stringify(ranges)]
  const { output } = await run('python3', args)
  t.strictSame(
    JSON.parse(output),
    cases.map(([, version]) => version),
  )
})

t.test('the start script is run without npm where that makes no difference', skip, async (t) => {
  const cases: [string, object, Record<string, string>][] = [
    ['node server.js --fast', { start: 'node server.js --fast' }, {}],
    ['npm start', { start: 'node server.js', prestart: 'node warm.js' }, {}],
    ['npm start', { start: 'node server.js $npm_package_version' }, {}],
    ['node server.js', {}, { 'server.js': '' }],
  ]
  for (const [web, scripts, files] of cases) {
    const app = t.testdir({ 'package.json': JSON.stringify({ scripts }), ...files })
    const { output } = await run(join(buildpacks, 'nodejs/bin/release'), [app])
    t.match(output, `  web: ${web}\n`)
  }
})
