import { execFileSync, fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteTable } from '#contract/route.ts'
import { attacks } from './abuse/attacks.ts'
import { askBystander } from './abuse/bystander.ts'
import type { Service } from './abuse/bystander.ts'
import { slowHttpTests } from './abuse/slowhttptest.ts'
import { median, row } from './figures.ts'
import { freePort, loadCore } from './router/program.ts'
import { startOurs, withOurs } from './router/proxies/ours.ts'
import type { Ours } from './router/proxies/ours.ts'
import { openSetting } from './router/setting.ts'
import type { Setting } from './router/setting.ts'
import { cpuSeconds, rssBytes } from './router/usage.ts'

/**
 * How a bystander is served while the router is attacked: its p99 under each attack over its p99 in
 * the quiet right before, the median of `ROUNDS` (5) of `SECONDS` (2) each; then slowhttptest, each
 * mode for `SLOW_SECONDS` (25). `ONLY` is a pattern for the names, `TRANSPORT` is net or handle.
 */
const rounds = Number(process.env['ROUNDS'] ?? 5)
const forMs = Number(process.env['SECONDS'] ?? 2) * 1000
const slowSeconds = Number(process.env['SLOW_SECONDS'] ?? 25)
const only = new RegExp(process.env['ONLY'] ?? '', 'i')
const bar = 2

interface Round {
  readonly quiet: Service
  readonly attacked: Service
  readonly rssBytes: number
  /** What the router took of a core while it was attacked. */
  readonly load: number
}

function tableOf({ appPort }: Setting, hostilePort: number, gonePort: number): RouteTable {
  const ports = { app: appPort, victim: appPort, hostile: hostilePort, gone: gonePort }
  const sites = Object.entries(ports).map(([app, port]) => {
    const instance = { id: `${app}-1`, release: 1, host: '127.0.0.1', port }
    return { app, environment: 'production', instances: [instance] }
  })
  const rules = sites.map(({ app }) => ({
    host: app === 'app' ? 'localhost' : `${app}.localhost`,
    site: `${app}/production`,
  }))
  return { number: 2, sites, rules }
}

async function startAttacker(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(join(import.meta.dirname, 'abuse/attacker.ts'))
  if (child.pid !== undefined) yieldToOthers(child.pid)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { child, port }
}

/** An attacker has a machine of its own: here it gets what app and bystander leave of their core. */
function yieldToOthers(pid: number): void {
  execFileSync('taskset', ['-cp', String(loadCore), String(pid)])
  setPriority(pid, constants.priority.PRIORITY_LOW)
}

async function playRound(name: string, ours: Ours, setting: Setting): Promise<Round> {
  const { child, port } = await startAttacker()
  try {
    await ours.put({ ...tableOf(setting, port, await freePort()), number: (number += 1) })
    const quiet = await askBystander(ours.httpPort, forMs)
    child.send({ name, port: ours.httpPort, securePort: ours.httpsPort ?? 0 })
    // All have come, and are as slow as they will be.
    await sleep(1500)
    const [from, before] = [performance.now(), cpuSeconds(ours.program.pid)]
    const attacked = await askBystander(ours.httpPort, forMs)
    const load = (1000 * (cpuSeconds(ours.program.pid) - before)) / (performance.now() - from)
    return { quiet, attacked, load, rssBytes: rssBytes(ours.program.pid) }
  } finally {
    child.kill('SIGKILL')
    await sleep(300)
  }
}

function report(name: string, played: readonly Round[]): string {
  const ratio = median(played.map(({ quiet, attacked }) => attacked.p99Ms / quiet.p99Ms))
  const failed = played.reduce((sum, { attacked }) => sum + attacked.failed, 0)
  if (failed > 0) process.exitCode = 1
  return row([
    name,
    median(played.map(({ quiet }) => quiet.p99Ms)).toFixed(1),
    median(played.map(({ attacked }) => attacked.p99Ms)).toFixed(1),
    ratio.toFixed(2),
    failed,
    `${Math.round(100 * median(played.map(({ load }) => load)))} %`,
    Math.max(...played.map((one) => one.rssBytes)) / 2 ** 20,
    ratio <= bar && failed === 0 ? 'yes' : 'no',
  ])
}

let number = 1
const stop = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'slipway-abuse-'))
const setting = await openSetting(folder)
try {
  const env = { SLIPWAY_ROUTER_TRANSPORT: process.env['TRANSPORT'] ?? 'auto' }
  await withOurs(startOurs(setting, { name: 'abused', env }), async (ours) => {
    const head = [
      'attack',
      'quiet p99, ms',
      'attacked, ms',
      'ratio',
      'failed',
      'of a core',
      'RSS, MiB',
      '≤ 2×',
    ]
    console.log(row(head))
    console.log(row(head.map(() => '---')))
    for (const name of Object.keys(attacks).filter((each) => only.test(each))) {
      const played: Round[] = []
      for (let i = 0; i < rounds; i += 1) played.push(await playRound(name, ours, setting))
      console.log(report(name, played))
    }
    if (!only.test('slowhttptest')) return
    console.log(`\n${row(['slowhttptest', 'seconds', 'available', 'connections we closed'])}`)
    console.log(row(['---', '---', '---', '---']))
    for (const { mode, availability, closed } of await slowHttpTests(
      ours.httpPort,
      slowSeconds,
      stop.signal,
    )) {
      const yes = availability.filter((one) => one === 'YES').length
      if (yes < availability.length) process.exitCode = 1
      console.log(row([mode, availability.length, `${yes} of ${availability.length}`, closed]))
    }
  })
} finally {
  await setting.close()
  rmSync(folder, { recursive: true, force: true })
}
