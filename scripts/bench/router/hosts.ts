import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { changeTable } from '#contract/route.ts'
import { median } from '#scripts/bench/figures.ts'
import type { Claim, ClaimGroup } from './claims.ts'
import { wrk } from './load.ts'
import { measure } from './measure.ts'
import type { Context } from './measure.ts'
import { claim } from './memory.ts'
import { startOurs, withOurs } from './proxies/ours.ts'
import type { Ours } from './proxies/ours.ts'
import { ruleOf, tableOf } from './table.ts'
import { rssBytes } from './usage.ts'

const [few, many] = [10, 100_000]
const changes = 50
const settleMs = 3000
const mib = 1024 ** 2

/** A router with 100,000 hosts beside one with 10. */
export const hosts: ClaimGroup = {
  name: '100,000 hosts',
  measure: async (context) => {
    const [small, large] = [await keepTable(context, few), await keepTable(context, many)]
    return withOurs(small.start(), (ten) =>
      withOurs(large.start(), async (all) => {
        const tableBytes = await compareMemory([ten, all])
        const work = await compareWork(context, [ten, all])
        const after = (await compareMemory([ten, all])) / mib
        const mark = `; ${after.toFixed(0)} after a load`
        return [
          work,
          claim('100,000 hosts, memory of the table', tableBytes / mib, 60, 'MiB', mark),
          await timeChanges(all),
          claim('100,000 hosts, from start to answer', large.startMs() / 1000, 2, 's'),
        ]
      }),
    )
  },
}

/** Gives a router a table and ends it; what is started afterwards has it from disk. */
async function keepTable(
  { setting }: Context,
  count: number,
): Promise<{ start: () => Promise<Ours>; startMs: () => number }> {
  const name = `hosts-${count}`
  const table = tableOf(setting, { number: 2, hosts: count, sites: count })
  await withOurs(startOurs(setting, { name }), (first) => first.put(table))
  let startMs = NaN
  return {
    start: async () => {
      const startedAt = performance.now()
      const ours = await startOurs(setting, { name, keepsTable: true })
      await answers(ours, `${count - 1}.localhost`)
      startMs = performance.now() - startedAt
      return ours
    },
    startMs: () => startMs,
  }
}

function answers({ httpPort }: Ours, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: httpPort, host: '127.0.0.1', path: '/small', headers: { host } })
    asked.once('error', reject).once('response', (response) => {
      response.resume()
      if (response.statusCode === 200) resolve()
      else reject(new Error(`${host} answers ${response.statusCode}`))
    })
    asked.end()
  })
}

/** All hosts of each are asked at random. */
async function compareWork(
  context: Context,
  [small, large]: readonly [Ours, Ours],
): Promise<Claim> {
  const load = (count: number): ReturnType<typeof wrk> =>
    wrk({ connections: 64, path: '/small', hosts: count })
  const row = {
    name: '100,000 hosts',
    over: 'http',
    bars: [],
    load: (target, ...more) => load(target.port === large.httpPort ? many : few)(target, ...more),
  } satisfies Parameters<typeof measure>[0]
  const figures = await measure(row, [small, large], context)
  const [a, b] = [small, large].map(({ name }) => median(figures.get(name)?.perCpuSecond ?? []))
  const ratio = (b ?? NaN) / (a ?? NaN)
  return {
    work: '100,000 hosts, 512 B GET',
    bar: '≥ 0.9× 10 hosts',
    figure: `${ratio.toFixed(2)}× (${b?.toFixed(0)}, ${a?.toFixed(0)})`,
    isMet: ratio >= 0.9,
  }
}

/** What the larger table takes more, in bytes. After a load its heap has some room to grow as well. */
async function compareMemory([small, large]: readonly [Ours, Ours]): Promise<number> {
  await sleep(settleMs)
  return rssBytes(large.program.pid) - rssBytes(small.program.pid)
}

/** One rule goes to another site, and back. */
async function timeChanges(large: Ours): Promise<Claim> {
  const took: number[] = []
  for (let i = 0; i < changes; i += 1) {
    const number = 3 + i
    const rules = [{ ...ruleOf(many - 1), site: `app-${i % 2}/production` }]
    const startedAt = performance.now()
    const body = { after: number - 1, number, sites: [], rules, gone_sites: [], gone_rules: [] }
    await large.call(changeTable, { body })
    took.push(performance.now() - startedAt)
  }
  return claim('100,000 hosts, one change', median(took), 5, 'ms')
}
