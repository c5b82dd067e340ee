import { freePort, proxyCore, start, untilItListens } from '#scripts/bench/router/program.ts'
import type { Program } from '#scripts/bench/router/program.ts'

/** A proxy that runs, on the proxies' core alone. */
export interface Proxy {
  readonly name: string
  readonly program: Program
  readonly httpPort: number
  /** Null when it speaks no TLS. */
  readonly httpsPort: number | null
  /** Takes HTTP/2 on that port. */
  readonly hasHttp2: boolean
}

export interface Ports {
  readonly http: number
  readonly https: number
}

/** Starts a peer that speaks all that we compare. `command` is given its ports. */
export async function startPeer(
  name: string,
  command: (ports: Ports) => { command: string; args: string[]; env?: Record<string, string> },
): Promise<Proxy> {
  const ports = { http: await freePort(), https: await freePort() }
  const program = start({ core: proxyCore, ...command(ports) })
  await orStop(program, untilItListens(ports.http, program))
  return { name, program, httpPort: ports.http, httpsPort: ports.https, hasHttp2: true }
}

/** What is not ready in time is ended. */
export async function orStop<T>(program: Program, ready: Promise<T>): Promise<T> {
  try {
    return await ready
  } catch (error) {
    await program.stop()
    throw error
  }
}
