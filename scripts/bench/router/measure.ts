import type { Target, Work } from './load.ts'
import type { Proxy } from './proxies/proxy.ts'
import type { Row } from './rows.ts'
import type { Setting } from './setting.ts'
import { cpuSeconds } from './usage.ts'

export interface Context {
  readonly rounds: number
  /** Of one proxy in one round. */
  readonly seconds: number
  readonly setting: Setting
  readonly signal: AbortSignal
}

/** What the rounds of one proxy gave. */
export interface Figures {
  readonly perCpuSecond: number[]
  failed: number
}

/** A program in JavaScript is compiled while it works. */
const warmUpSeconds = 2

/**
 * One row: every proxy in turn, round after round, so that what else the machine does hits all of
 * them. Those that do not speak what the row is over are left out.
 */
export async function measure(
  row: Row,
  proxies: readonly Proxy[],
  context: Context,
): Promise<Map<string, Figures>> {
  const able = proxies
    .filter((proxy) => portFor(row, proxy) !== null)
    .map((proxy) => ({ proxy, figures: { perCpuSecond: [], failed: 0 } as Figures }))
  for (const { proxy } of able) await once(row, proxy, { ...context, seconds: warmUpSeconds })
  for (let round = 0; round < context.rounds; round += 1) {
    for (const { proxy, figures } of turned(able, round)) {
      const { perCpuSecond, failed } = await once(row, proxy, context)
      figures.perCpuSecond.push(perCpuSecond)
      figures.failed += failed
    }
  }
  return new Map(able.map(({ proxy, figures }) => [proxy.name, figures]))
}

/** Nobody always follows the same one. */
function turned<T>(all: readonly T[], by: number): T[] {
  const first = by % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

function portFor({ over }: Row, { httpPort, httpsPort, hasHttp2 }: Proxy): number | null {
  if (over === 'http') return httpPort
  return over === 'https' || hasHttp2 ? httpsPort : null
}

/** A proxy that breaks under a load has done nothing, and the others go on. */
async function once(row: Row, proxy: Proxy, context: Context): Promise<Once> {
  try {
    const { done, failed, took, busy } = await watched(row, proxy, context)
    const perCpuSecond = took > 0 ? done / took : 0
    const share = `busy ${(busy * 100).toFixed(0)} %`
    note(`${row.name}: ${proxy.name}, ${perCpuSecond.toFixed(0)} per CPU-second, ${share}`)
    return { perCpuSecond, failed }
  } catch (error) {
    context.signal.throwIfAborted()
    note(`${row.name}: ${proxy.name}, ${String(error)}`)
    return { perCpuSecond: 0, failed: 1 }
  }
}

interface Once {
  readonly perCpuSecond: number
  readonly failed: number
}

/** The work, with the CPU time in seconds that it took of the proxy, and that as a share of a core. */
async function watched(
  row: Row,
  proxy: Proxy,
  { seconds, setting, signal }: Context,
): Promise<Work & { took: number; busy: number }> {
  const port = portFor(row, proxy) ?? NaN
  const target: Target = { port, isSecure: row.over !== 'http', tool: setting.tool }
  const startedAt = performance.now()
  const before = cpuSeconds(proxy.program.pid)
  const work = await row.load(target, seconds, signal)
  const took = cpuSeconds(proxy.program.pid) - before
  return { ...work, took, busy: (took * 1000) / (performance.now() - startedAt) }
}

/** Progress, apart from the tables. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}
