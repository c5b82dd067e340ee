import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { median, row, timed } from './figures.ts'

/** How long the `app` command takes to say its help, beside a Node that does nothing. */
const app = join(import.meta.dirname, '../../bin/app')
const works: Readonly<Record<string, () => void>> = {
  'app help': () => void execFileSync(app, ['help']),
  'app config:set --help': () => void execFileSync(app, ['config:set', '--help']),
  'node -e 0': () => void execFileSync(process.execPath, ['-e', '0']),
}
const figures = new Map(Object.keys(works).map((name) => [name, [] as number[]]))
for (let round = 0; round < 11; round += 1) {
  for (const [name, work] of Object.entries(works)) {
    const took = await timed(async () => work())
    // The first round fills the compile cache.
    if (round > 0) figures.get(name)?.push(took)
  }
}
console.log(row(['command', 'median, ms']))
console.log(row(['---', '---']))
for (const [name, some] of figures) console.log(row([name, median(some)]))
