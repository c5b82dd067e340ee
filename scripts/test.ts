import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { makeKeys } from './platform/keys.ts'
import { uninstall } from './platform/clean.ts'
import { readPlatform } from './platform/settings.ts'
import { supervise } from './platform/supervise.ts'
import { testSettings } from '#test/system/harness.ts'

process.env['TAP_TIMEOUT'] = '900'

/** Passed and failed of everything that ran. */
const total = { passed: 0, failed: 0 }

for (const check of ['format:check', 'lint', 'types', 'dead']) runCheck(check)
await runFiles(globSync('test/**/*.test.ts'), 2)
await runSystem()
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

function runCheck(name: string): void {
  const end = spawnSync('npm', ['run', '-s', name], { stdio: 'inherit' })
  count(end.status === 0)
  console.log(`${end.status === 0 ? '✔' : '✖'} ${name}`)
}

function count(passed: boolean): void {
  if (passed) total.passed += 1
  else total.failed += 1
}

/** Each file is a process; a test is counted when it has no tests of its own. */
async function runFiles(files: readonly string[], concurrency: number): Promise<void> {
  if (files.length === 0) return
  const stream = run({
    files: files.map((file) => join(process.cwd(), file)).sort(),
    concurrency,
    timeout: 900_000,
  })
  stream.on('test:pass', ({ details }) => details.type !== 'suite' && count(true))
  stream.on('test:fail', ({ details }) => details.type !== 'suite' && count(false))
  stream.compose(new spec()).pipe(process.stdout, { end: false })
  await new Promise((resolve) => stream.once('end', resolve))
}

/** One platform for all system tests: they push their own apps to it, side by side; those that kill its programs come last, alone. */
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
