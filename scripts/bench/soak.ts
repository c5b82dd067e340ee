import { setTimeout as sleep } from 'node:timers/promises'
import { SoakLoad } from './abuse/soak-load.ts'
import { SoakPlace } from './abuse/soak-place.ts'
import { row } from './figures.ts'
import { rssBytes } from './router/usage.ts'

/**
 * A mixed load for `SECONDS` (180) on a router of two workers, whose instance is exchanged every
 * second and which is itself exchanged every `UPGRADE_SECONDS` (30): what failed, and what its
 * memory was a third into the life of each, and at its end.
 */
const seconds = Number(process.env['SECONDS'] ?? 180)
const upgradeSeconds = Number(process.env['UPGRADE_SECONDS'] ?? 30)

const place = new SoakPlace()
try {
  await place.startRouter()
  await place.swap()
  const load = new SoakLoad(place.port)
  const sizes: string[] = []
  const sizeMiB = (): string => (rssBytes(place.routerPid) / 2 ** 20).toFixed(0)
  let early = ''
  let swaps = 0
  const startedAt = performance.now()
  const elapsed = (): number => (performance.now() - startedAt) / 1000
  let life = 1
  while (elapsed() < seconds) {
    // Where a swap takes longer than its second, so be it.
    const next = sleep(1000)
    await place.swap()
    swaps += 1
    if (early === '' && elapsed() > (life - 2 / 3) * upgradeSeconds) early = sizeMiB()
    if (elapsed() > life * upgradeSeconds) {
      sizes.push(`${early} → ${sizeMiB()}`)
      early = ''
      life += 1
      await place.startRouter()
    }
    await next
  }
  await load.stop()
  const sent = Object.entries(load.counts).map(([kind, count]) => `${kind} ${count}`)
  console.log(row(['seconds', 'swaps', 'routers', 'sent', 'failed', 'RSS of each, MiB']))
  console.log(row(['---', '---', '---', '---', '---', '---']))
  const all = Object.values(load.counts).reduce((sum, count) => sum + count, 0)
  console.log(row([elapsed(), swaps, life, all, load.failed.length, sizes.join(', ')]))
  console.log(sent.join(', '))
  for (const line of load.failed.slice(0, 10)) console.log(line)
  if (load.failed.length > 0) process.exitCode = 1
} finally {
  place.close()
}
