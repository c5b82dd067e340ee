import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPlatform } from '#test/system/harness.ts'
import type { TestApp } from '#test/system/harness.ts'
import { keyPath } from '#scripts/platform/settings.ts'
import { installBare } from './bare-install.ts'
import { median, row, timed } from './figures.ts'
import { openPeer } from './openssh.ts'

/**
 * Wall time of a push at the client until its page is there, ours beside OpenSSH with a bare
 * repository, in turn. `ROUNDS` (20) pushes of each kind, `COLD_ROUNDS` (the same) of the cold one,
 * `LARGE_ROUNDS` (3) of the large ones; `ONLY` names the groups to run, `PAUSE_MS`
 * what is waited before each.
 */
const rounds = Number(process.env['ROUNDS'] ?? 20)
const coldRounds = Number(process.env['COLD_ROUNDS'] ?? rounds)
const largeRounds = Number(process.env['LARGE_ROUNDS'] ?? 3)
const only = process.env['ONLY']?.split(',')
/** Before each; what follows a push (copies and sandboxes for the next one) is over after 1,500 ms. */
const pauseMs = Number(process.env['PAUSE_MS'] ?? 0)

/** The line that is changed, in a file the page is made from. */
const lines: Readonly<Record<string, readonly [file: string, comment: string]>> = {
  'node-large': ['server.js', '//'],
  python: ['app.py', '#'],
  go: ['main.go', '//'],
  static: ['index.html', '<!-- -->'],
  dockerfile: ['server.py', '#'],
}

const slipway = await openPlatform()
const peer = await openPeer(keyPath(slipway.platform, 'test_ed25519'))
const groups: Readonly<Record<string, () => Promise<void>>> = { node, languages, cold, large }
try {
  console.log(row(['push', 'Slipway, ms', 'beside it, ms', 'ratio']))
  console.log(row(['---', '---', '---', '---']))
  for (const [name, group] of Object.entries(groups)) {
    if (only === undefined || only.includes(name)) await group()
  }
} finally {
  peer.close()
  await slipway.close()
}

async function node(): Promise<void> {
  const app = await slipway.newApp('node-large')
  await warm(app)
  await compare('nothing new', app, rounds, async () => undefined)
  await compare('new commit, same tree', app, rounds, () => app.commit('Again'))
  await compareLine(app, 'node-large')
}

async function languages(): Promise<void> {
  for (const sample of Object.keys(lines).slice(1)) {
    const app = await slipway.newApp(sample)
    await warm(app)
    await compareLine(app, sample)
  }
}

/** A new app each time, beside the same installation in a container that does nothing else. */
async function cold(): Promise<void> {
  const [wall, bare]: number[][] = [[], []]
  for (let round = 0; round < coldRounds; round += 1) {
    const app = await slipway.newApp('node-large')
    wall?.push(await timed(() => ours(app)))
    bare?.push(await timed(async () => installBare(slipway.platform, app.folder)))
  }
  print('cold, 280 packages (beside `npm ci` in a bare container)', wall ?? [], bare ?? [])
}

async function large(): Promise<void> {
  const blobs = (folder: string): void => {
    for (let n = 0; n < 200; n += 1) writeFileSync(join(folder, `${n}.bin`), randomBytes(1e6))
  }
  await compareLarge('200 MB of random blobs', blobs)
  await compareLarge('50,000 files', (folder) => {
    for (let n = 0; n < 50_000; n += 1) {
      if (n % 100 === 0) mkdirSync(join(folder, `d${n / 100}`))
      writeFileSync(join(folder, `d${Math.floor(n / 100)}`, `${n}.txt`), `file ${n}\n`)
    }
  })
}

async function compareLarge(kind: string, fill: (folder: string) => void): Promise<void> {
  const [wall, theirs, growth]: number[][] = [[], [], []]
  for (let round = 0; round < largeRounds; round += 1) {
    const app = await slipway.newApp('static', fill)
    const before = builderMiB()
    wall?.push(await timed(() => ours(app)))
    growth?.push(builderMiB() - before)
    theirs?.push(await timed(() => peer.push(app.folder, app.name)))
    if (round < largeRounds - 1) continue
    const mark = `builder grew by ${median(growth ?? []).toFixed(0)} MiB`
    print(`${kind} (${mark})`, wall ?? [], theirs ?? [])
    await compareLine(app, 'static', `${kind}: `, app.name)
  }
}

function builderMiB(): number {
  const text = readFileSync(`/proc/${slipway.pid('builder')}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) / 1024
}

async function warm(app: TestApp): Promise<void> {
  await ours(app)
  await peer.push(app.folder, app.name)
}

async function compareLine(
  app: TestApp,
  sample: string,
  prefix = '',
  title = sample,
): Promise<void> {
  const [file = '', comment = ''] = lines[sample] ?? []
  const content = app.read(file)
  const kind = `${prefix}one changed line, ${prefix === '' ? title : 'static'}`
  await compare(kind, app, rounds, (round) => {
    const [open, close = ''] = comment.split(' ')
    return app.change(file, `${content}\n${open} line ${round} ${close}\n`)
  })
}

async function compare(
  kind: string,
  app: TestApp,
  times: number,
  prepare: (round: number) => Promise<void>,
): Promise<void> {
  const figures: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] }
  for (let round = 0; round < times; round += 1) {
    await prepare(round)
    await sleep(pauseMs)
    figures.ours.push(await timed(() => ours(app)))
    await sleep(pauseMs)
    figures.theirs.push(await timed(() => peer.push(app.folder, app.name)))
  }
  print(kind, figures.ours, figures.theirs)
}

function print(kind: string, mine: readonly number[], other: readonly number[]): void {
  const [a, b] = [median(mine), median(other)]
  console.log(row([kind, a, b, (a / b).toFixed(2)]))
}

/** A push, and the page it made. */
async function ours(app: TestApp): Promise<void> {
  const push = await app.push()
  if (push.code !== 0) throw new Error(`the push was refused: ${push.output}`)
  const { status } = await app.get()
  if (status !== 200) throw new Error(`the page answered ${status}`)
}
