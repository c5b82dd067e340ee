import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { testSettings } from '#test/system/harness.ts'
import { uninstall } from './platform/clean.ts'
import { makeKeys } from './platform/keys.ts'
import { readPlatform } from './platform/settings.ts'
import { supervise } from './platform/supervise.ts'

/** Passed and failed of everything that ran: checks, and each assertion of each test. */
const total = { passed: 0, failed: 0, skipped: 0 }
/** Said again at the end, where whoever reads only that finds them. */
const failures: string[] = []

// For a whole file, in seconds; the runner's own would be half a minute.
process.env['TAP_TIMEOUT'] = '900'

if (process.argv[2] !== 'system') {
  for (const check of ['format:check', 'lint', 'types', 'dead']) runCheck(check)
  await runFiles(globSync('test/**/*.test.ts'), 2)
  await runOnNewerNode(globSync('test/router/*.test.ts'))
}
await runSystem()
if (failures.length > 0) console.log(`Failed:\n${failures.join('\n')}`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed === 0 ? 0 : 1)

function runCheck(name: string): void {
  const end = spawnSync('npm', ['run', '-s', name], { encoding: 'utf8' })
  const passed = end.status === 0
  total[passed ? 'passed' : 'failed'] += 1
  if (passed) console.log(`✔ ${name}`)
  if (!passed) fail(`✖ ${name}\n${end.stdout}${end.stderr}`)
}

/** Each file is a process of its own. Shown are the tests' sentences, and failures whole. */
async function runFiles(files: readonly string[], concurrency: number): Promise<void> {
  if (files.length === 0) return
  const paths = files.map((file) => resolve(file)).sort()
  const stream = run({ files: paths, concurrency, timeout: 900_000 })
  stream.on('test:pass', ({ name, nesting, skip }) => {
    total[skip === undefined || skip === false ? 'passed' : 'skipped'] += 1
    if (nesting === 0) console.log(`✔ ${name}`)
  })
  stream.on('test:fail', ({ name, file, details }) => {
    total.failed += 1
    fail(`✖ ${name} (${file ?? ''})\n${inspect(details.error.cause ?? details.error)}`)
  })
  await new Promise((done) => stream.once('end', done).resume())
}

/** The router leans on what is below Node's API, so its tests run on the next major version as well. */
async function runOnNewerNode(files: readonly string[]): Promise<void> {
  const node = resolve('node_modules/node-26-linux-x64/bin/node')
  // The package has no binary for other machines than x64.
  if (!existsSync(node)) return console.log('- the router on Node 26: not on this machine')
  const args = ['--test', '--test-concurrency=2', '--test-reporter=tap', ...files]
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let [output, passed, failed] = ['', 0, 0]
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  for (const line of output.split('\n')) {
    if (/^# pass \d+$/.test(line)) passed = Number(line.slice(7))
    if (/^# fail \d+$/.test(line)) failed = Number(line.slice(7))
  }
  total.passed += passed
  total.failed += passed === 0 ? Math.max(failed, 1) : failed
  const sentence = `the router on Node 26: ${passed} passed, ${failed} failed`
  if (failed === 0) return console.log(`✔ ${sentence}`)
  const ends = output.split('\n').filter((line) => line.includes('not ok'))
  fail([`✖ ${sentence}`, ...ends].join('\n'))
}

function fail(report: string): void {
  console.log(report)
  failures.push(report.slice(0, 2000))
}

/**
 * One platform for all system tests, which push their own apps to it side by side; those that kill
 * its programs, or the engine, come last and alone.
 */
async function runSystem(): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'slipway-test-'))
  const platform = readPlatform(testSettings(stateDir))
  await makeKeys(platform)
  const supervisor = await supervise(platform)
  process.env['SLIPWAY_TEST_STATE'] = stateDir
  try {
    const crash = globSync('test/system/crash/*.system.ts')
    const others = globSync('test/**/*.system.ts').filter((file) => !crash.includes(file))
    await runFiles(others, 2)
    await runFiles(crash, 1)
  } finally {
    await supervisor.stop()
    await uninstall(platform)
    rmSync(stateDir, { recursive: true, force: true })
  }
}
