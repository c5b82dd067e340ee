import { mkdirSync, existsSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '#scripts/bench/figures.ts'
import type { Claim, ClaimGroup } from './claims.ts'
import { wrk } from './load.ts'
import type { Context } from './measure.ts'
import { startOurs, withOurs } from './proxies/ours.ts'
import type { Ours } from './proxies/ours.ts'
import { childrenOf } from './usage.ts'

const cgroups = '/sys/fs/cgroup/cpu'
const periodUs = 20_000
const share = 0.25
const [work, bar] = ['two workers', '≥ 1.8× one']

/**
 * Requests a second of two workers over those of one. On two cores the load would take what the
 * second worker needs, so each worker gets a quarter of a core and no more (cgroup v1).
 */
export const workers: ClaimGroup = {
  name: work,
  measure: async (context) => {
    if (!existsSync(join(cgroups, 'cpu.cfs_quota_us'))) return [unknown('no cgroup v1 here')]
    const { setting } = context
    const env = { ROUTER_WORKERS: '2' }
    return withOurs(startOurs(setting, { name: 'one' }), (one) =>
      withOurs(startOurs(setting, { name: 'two', env }), async (two) => [
        await compare(context, one, two),
      ]),
    )
  },
}

async function compare(context: Context, one: Ours, two: Ours): Promise<Claim> {
  const pids = childrenOf(two.program.pid)
  if (pids.length < 2) return unknown('—')
  const release = [one.program.pid, ...pids].map(limit)
  const perSecond: [number[], number[]] = [[], []]
  try {
    for (let round = 0; round < context.rounds; round += 1) {
      perSecond[0].push(await requests(context, one))
      perSecond[1].push(await requests(context, two))
    }
  } finally {
    for (const each of release) each()
  }
  const [a, b] = [median(perSecond[0]), median(perSecond[1])]
  const figure = `${(b / a).toFixed(2)}× (${b.toFixed(0)}, ${a.toFixed(0)} a second)`
  return { work, bar, figure, isMet: b / a >= 1.8 }
}

function unknown(figure: string): Claim {
  return { work, bar, figure, isMet: null }
}

async function requests(
  { setting, seconds, signal }: Context,
  { httpPort }: Ours,
): Promise<number> {
  const target = { port: httpPort, isSecure: false, tool: setting.tool }
  const { done } = await wrk({ connections: 64, path: '/small' })(target, seconds, signal)
  return done / seconds
}

/** Returns what takes the limit away. */
function limit(pid: number): () => void {
  const group = join(cgroups, `slipway-bench-${pid}`)
  mkdirSync(group)
  writeFileSync(join(group, 'cpu.cfs_period_us'), String(periodUs))
  writeFileSync(join(group, 'cpu.cfs_quota_us'), String(periodUs * share))
  writeFileSync(join(group, 'cgroup.procs'), String(pid))
  return () => {
    writeFileSync(join(cgroups, 'cgroup.procs'), String(pid))
    rmdirSync(group)
  }
}
