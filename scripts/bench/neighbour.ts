import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listApps } from '#contract/app.ts'
import { cancelBuild, listBuilds } from '#contract/build.ts'
import { sshWith } from '#scripts/platform/git.ts'
import { keyPath } from '#scripts/platform/settings.ts'
import { openPlatform } from '#test/system/harness.ts'
import type { TestApp } from '#test/system/harness.ts'
import { askBystander } from './abuse/bystander.ts'
import { median, row, timed } from './figures.ts'

/**
 * How an app, the API and SSH logins are served while somebody else's build does its worst, over how
 * they are served in the quiet right before: medians of `ROUNDS` (5), each of `SECONDS` (3). `ONLY` is
 * a pattern for the names.
 */
const rounds = Number(process.env['ROUNDS'] ?? 5)
const forMs = Number(process.env['SECONDS'] ?? 3) * 1000
const only = new RegExp(process.env['ONLY'] ?? '', 'i')
const bar = 2

/** What a build runs; each goes on until it is ended. */
const builds: Readonly<Record<string, string>> = {
  'fork bomb': `
    const { spawn } = require('child_process')
    const busy = ['-c', 'while :; do :; done']
    setInterval(() => { for (let n = 0; n < 9; n++) spawn('sh', busy).on('error', () => {}) }, 20)`,
  'memory bomb': `
    const { spawn } = require('child_process')
    const eat = 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1))'
    const again = () => spawn(process.execPath, ['-e', eat]).on('exit', again)
    again()`,
  'disk filler': `
    const { writeFileSync, rmSync } = require('fs')
    const block = Buffer.alloc(2 ** 28, 1)
    setInterval(() => { writeFileSync('big', block); rmSync('big') }, 0)`,
  'output flood': `
    const line = 'flood'.repeat(200) + '\\n'
    const flood = () => { while (process.stdout.write(line)); process.stdout.once('drain', flood) }
    flood()`,
}

interface Round {
  readonly page: number
  readonly api: number
  readonly login: number
  readonly failed: number
}

const slipway = await openPlatform()
try {
  const neighbour = await slipway.newApp('node')
  await mustPush(neighbour)
  console.log(
    row([
      'build',
      'page p99, ms',
      'then',
      'API, ms',
      'then',
      'SSH login, ms',
      'then',
      'failed',
      '≤ 2×',
    ]),
  )
  console.log(row(Array<string>(9).fill('---')))
  for (const [name, script] of Object.entries(builds)) {
    if (only.test(name)) await compare(name, script, neighbour)
  }
} finally {
  await slipway.close()
}

async function compare(name: string, script: string, neighbour: TestApp): Promise<void> {
  const [before, then]: Round[][] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    before?.push(await look(neighbour))
    const build = await startHostile(script)
    then?.push(await look(neighbour))
    await build.stop()
  }
  print(name, before ?? [], then ?? [])
}

function print(name: string, before: readonly Round[], then: readonly Round[]): void {
  const both = (of: (round: Round) => number): string[] =>
    [before, then].map((some) => median(some.map(of)).toFixed(1))
  const ratio = median(then.map(({ page }, at) => page / (before[at]?.page ?? NaN)))
  const failed = then.reduce((sum, round) => sum + round.failed, 0)
  if (failed > 0) process.exitCode = 1
  const verdict = `${ratio.toFixed(2)} ${ratio <= bar && failed === 0 ? 'yes' : 'no'}`
  const figures = [both(({ page }) => page), both(({ api }) => api), both(({ login }) => login)]
  console.log(row([name, ...figures.flat(), failed, verdict]))
}

async function look(neighbour: TestApp): Promise<Round> {
  const { httpPort, domain } = slipway.platform
  const page = askBystander(httpPort, forMs, { host: `${neighbour.name}.${domain}`, path: '/' })
  const api = await timed(() => slipway.call(listApps))
  const login = await timed(() => neighbour.git('ls-remote', 'deis'))
  const { p99Ms, failed } = await page
  return { page: p99Ms, api, login, failed }
}

async function mustPush(app: TestApp): Promise<void> {
  const { code, output } = await app.push()
  if (code !== 0) throw new Error(output)
}

/** Pushes an app whose build runs the script, and waits until it does. */
async function startHostile(script: string): Promise<{ stop(): Promise<void> }> {
  const app = await slipway.newApp('node', (folder) => {
    const scripts = { build: 'node hostile.cjs', start: 'node server.js' }
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object
    writeFileSync(join(folder, 'hostile.cjs'), `console.log('it began')\n${script}`)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, scripts }))
  })
  const log = join(app.folder, '.git/push.log')
  const push = spawnPush(app, log)
  const ended = once(push, 'close')
  while (!readFileSync(log, 'utf8').includes('it began')) {
    if (push.exitCode !== null) throw new Error(readFileSync(log, 'utf8'))
    await sleep(20)
  }
  return {
    stop: async () => {
      const [build] = await slipway.call(listBuilds, { params: { app: app.name } })
      await slipway.call(cancelBuild, { params: { app: app.name, build: build?.id ?? '' } })
      await ended
    },
  }
}

/** Whoever pushes has a machine of their own: the client gets what others leave, and prints to a file. */
function spawnPush({ folder }: TestApp, log: string): ChildProcess {
  const env = sshWith(slipway.platform, keyPath(slipway.platform, 'test_ed25519'))
  const to = openSync(log, 'w')
  const child = spawn('nice', ['-n', '19', 'git', 'push', 'deis', 'main'], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', to, to],
  })
  closeSync(to)
  return child
}
