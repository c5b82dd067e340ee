import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, ClaimGroup } from './claims.ts'
import { wrk } from './load.ts'
import type { Context } from './measure.ts'
import { startOurs, withOurs } from './proxies/ours.ts'
import type { Ours } from './proxies/ours.ts'
import { loadCore, start } from './program.ts'
import type { Program } from './program.ts'
import { rssBytes } from './usage.ts'

const [kib, mib] = [1024, 1024 ** 2]
const settleMs = 3000
const openMs = 60_000

interface Idle {
  readonly name: string
  readonly kind: 'http' | 'ws'
  readonly connections: number
  readonly barKib: number
}

/** What a router takes that does nothing, and that many connections add. Each starts anew. */
export const memory: readonly ClaimGroup[] = [
  idle({ name: 'idle keep-alive', kind: 'http', connections: 10_000, barKib: 4 }),
  idle({ name: 'idle WebSocket', kind: 'ws', connections: 5000, barKib: 6 }),
  { name: 'base memory', measure: measureBase },
]

function idle({ name, kind, connections, barKib }: Idle): ClaimGroup {
  return {
    name,
    measure: async (context) => {
      const bytes = await withOurs(
        startOurs(context.setting, { name: `idle-${kind}` }),
        async (ours) => {
          await workFor(ours, context)
          const before = await settled(ours)
          const holder = await hold(ours, context, kind, connections)
          try {
            return ((await settled(ours)) - before) / connections
          } finally {
            await holder.stop()
          }
        },
      )
      const work = `${name}, each of ${connections}`
      return [claim(work, bytes / kib, barKib, 'KiB')]
    },
  }
}

/** In its second start: the first one on a host strips types and keeps the result. */
async function measureBase(context: Context): Promise<readonly Claim[]> {
  const start = (): Promise<Ours> => startOurs(context.setting, { name: 'base' })
  await withOurs(start(), () => Promise.resolve())
  return withOurs(start(), async (ours) => {
    const base = await settled(ours)
    await workFor(ours, context)
    const after = (await settled(ours)) / mib
    return [claim('base memory', base / mib, 60, 'MiB', `; ${after.toFixed(0)} after a load`)]
  })
}

export function claim(
  work: string,
  figure: number,
  atMost: number,
  unit: string,
  more = '',
): Claim {
  const shown = figure < 10 ? figure.toFixed(1) : figure.toFixed(0)
  return {
    work,
    bar: `≤ ${atMost} ${unit}`,
    figure: `${shown} ${unit}${more}`,
    isMet: figure <= atMost,
  }
}

/** So that what a first load makes, code above all, is not put down to connections. */
async function workFor({ httpPort }: Ours, { setting, signal }: Context): Promise<void> {
  const target = { port: httpPort, isSecure: false, tool: setting.tool }
  await wrk({ connections: 64, path: '/small' })(target, 2, signal)
}

async function settled({ program }: Ours): Promise<number> {
  await sleep(settleMs)
  return rssBytes(program.pid)
}

/** Opens connections, uses each of them once, and keeps them until it is stopped. */
async function hold(
  { httpPort }: Ours,
  { setting, signal }: Context,
  kind: 'http' | 'ws',
  connections: number,
): Promise<Program> {
  const args = ['idle', `127.0.0.1:${httpPort}`, String(connections), kind]
  const holder = start({ core: loadCore, command: setting.tool, args })
  for (const deadline = performance.now() + openMs; performance.now() < deadline;) {
    if (holder.output().includes('ready')) return holder
    await sleep(100, null, { signal }).catch(() => undefined)
    if (signal.aborted) break
  }
  await holder.stop()
  throw new Error(`not all connections could be opened: ${holder.output()}`)
}
