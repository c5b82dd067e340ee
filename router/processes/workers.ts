import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { holdSocket } from '#lib/held-socket.ts'
import type { Log } from '#lib/log.ts'
import type { Environment } from '#lib/settings.ts'
import type { Call } from '#router/admin/calls.ts'
import type { Where } from '#router/transport/transport.ts'
import type { Service } from '#router/service.ts'
import type { Receipts } from '#router/watch/receipts.ts'
import type { Asked } from './sibling.ts'
import { tellAll } from './spread.ts'
import { WorkerSlot } from './worker-slot.ts'

export interface WorkersOptions {
  readonly count: number
  readonly http: Where
  readonly https: Where | null
  /** Folder of the sockets over which they are asked. */
  readonly folder: string
  readonly token: string
  readonly env: Environment
  /** What the main process can be asked, and so what it can tell. */
  readonly calls: readonly Call[]
  /** Of the main process; what a worker that ends has counted is added to them. */
  readonly receipts: Receipts
  readonly log: Log
}

/** The processes that serve, in place of this one. */
export interface Workers extends Service {
  readonly siblings: readonly Asked[]
}

/** Starts all workers and waits until they serve. Rejects when one cannot be started. */
export async function openWorkers(options: WorkersOptions): Promise<Workers> {
  const { folder, token, env, calls, receipts, log } = options
  const sockets = socketsOf(options)
  removeLeftovers(folder)
  const slots = Array.from({ length: options.count }, (_, index) => {
    const path = join(folder, `${process.pid}-${index + 1}.sock`)
    const tell = (to: Asked): Promise<void> => tellAll(to, calls)
    return new WorkerSlot({ path, token, sockets, env, receipts, log, tell })
  })
  const [first] = await Promise.all(slots.map((slot) => slot.start()))
  return {
    port: first?.port ?? 0,
    httpsPort: first?.https_port ?? 0,
    transport: first?.transport ?? '',
    get siblings() {
      return slots.map(({ sibling }) => sibling).filter((sibling) => sibling !== null)
    },
    close: async (farewell) => {
      await Promise.all(slots.map((slot) => slot.close(farewell)))
    },
  }
}

/** The sockets outlive each worker: they are this process's, or of who started it. */
function socketsOf({ http, https }: WorkersOptions): ReadonlyMap<string, number> {
  const sockets = new Map([['http', fdOf(http)]])
  if (https !== null) sockets.set('https', fdOf(https))
  return sockets
}

function fdOf(where: Where): number {
  return 'fd' in where ? where.fd : holdSocket(where).fd
}

/** Sockets of workers whose main process is no more. */
function removeLeftovers(folder: string): void {
  for (const name of namesIn(folder)) {
    if (!isRunning(Number.parseInt(name, 10))) rmSync(join(folder, name), { force: true })
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
