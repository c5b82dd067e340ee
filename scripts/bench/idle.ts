import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPlatform } from '#test/system/harness.ts'
import { row } from './figures.ts'

/**
 * Memory of the three programs, idle for 20 s after a push and its page, in their second start: the
 * first one on a host strips types and keeps the result.
 */
const names = ['controller', 'builder', 'router'] as const
const slipway = await openPlatform()
try {
  for (const name of names) process.kill(slipway.pid(name), 'SIGTERM')
  await sleep(5000)
  const app = await slipway.newApp('node')
  if ((await app.push()).code !== 0) throw new Error('the push was refused')
  await app.get()
  await sleep(20_000)
  console.log(row(['program', 'RSS, MiB', 'PSS, MiB']))
  console.log(row(['---', '---', '---']))
  const all = names.map((name) => {
    const pid = slipway.pid(name)
    return { name, rss: memoryMiB(pid, 'Rss'), pss: memoryMiB(pid, 'Pss') }
  })
  for (const { name, rss, pss } of all) console.log(row([name, rss, pss]))
  const sum = (figures: number[]): number => figures.reduce((a, b) => a + b, 0)
  console.log(row(['together', sum(all.map(({ rss }) => rss)), sum(all.map(({ pss }) => pss))]))
} finally {
  await slipway.close()
}

function memoryMiB(pid: number, field: 'Rss' | 'Pss'): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)
  return Number(match?.[1] ?? NaN) / 1024
}
