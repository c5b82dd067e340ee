import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { CopySpec } from '#driver/driver.ts'

/** What a fake process sees. */
interface Surroundings {
  readonly spec: CopySpec
  /** A loopback address that no other copy has. */
  readonly address: string
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Aborted by SIGTERM, its reason the name of the signal. SIGKILL asks nobody. */
  readonly told: AbortSignal
}

/** A fake process: it ends when its promise does, with that exit code. A throw is exit code 1. */
export type Program = (surroundings: Surroundings) => Promise<number>

/** Exit codes of processes ended by a signal. */
export const signalCodes: Readonly<Record<string, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGKILL: 137,
  SIGTERM: 143,
}

/** Runs until told to stop, and listens to nothing. */
export const idles: Program = async ({ told }) => {
  if (!told.aborted) await once(told, 'abort')
  return signalCodes[String(told.reason)] ?? 143
}

/** Runs on when told to stop: only SIGKILL ends it. */
export const ignoresSignals: Program = () => new Promise(() => undefined)

/** Ends by itself. */
export function exits(code: number, { afterMs = 0 } = {}): Program {
  return async ({ told }) => {
    await pause(afterMs, undefined, { signal: told })
    return code
  }
}

/** Answers HTTP on PORT of its address with a line that names app, release and copy. */
export function serves({ afterMs = 0 } = {}): Program {
  return async (surroundings) => {
    const { spec, address, told } = surroundings
    await pause(afterMs, undefined, { signal: told })
    const server = createServer((_, response) => {
      response.end(`${spec.owner.app} v${spec.release} ${spec.type}.${spec.index}\n`)
    })
    server.listen(Number(spec.env['PORT'] ?? 5000), address)
    await once(server, 'listening')
    const code = await idles(surroundings)
    await close(server)
    return code
  }
}

async function close(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
