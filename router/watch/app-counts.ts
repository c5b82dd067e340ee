import type { Entry, HCode } from '#router/proxy/entry.ts'
import { Histogram } from './histogram.ts'

export const statusClasses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const
export const protocols = ['http/1.0', 'http/1.1', 'h2'] as const

/** Few, since there is one of each for every app. */
const boundsMs = [10, 50, 200, 1000, 5000, 30_000]

/** What is counted for one app and environment. */
export class AppCounts {
  readonly app: string
  readonly environment: string
  /** By status class, then protocol. */
  readonly requests = new Float64Array(statusClasses.length * protocols.length)
  readonly latency = new Histogram(boundsMs)
  readonly errors = new Map<HCode, number>()
  bytes = 0
  held = 0
  heldMs = 0
  /** `Date.now()` of the last request. */
  lastMs = 0
  /** Another app has its place: find the new one. */
  isGone = false

  constructor(app: string, environment: string) {
    this.app = app
    this.environment = environment
  }

  add(entry: Entry, nowMs: number): void {
    const { status, code, heldMs } = entry
    const at = classOf(status) * protocols.length + protocolOf(entry.protocol)
    this.requests[at] = (this.requests[at] as number) + 1
    // How long a tunnel was open says nothing of how fast the app is.
    if (status !== 101) this.latency.add(entry.serviceMs)
    this.bytes += entry.bytes
    this.lastMs = nowMs
    if (code !== null) this.errors.set(code, (this.errors.get(code) ?? 0) + 1)
    if (heldMs > 0) {
      this.held += 1
      this.heldMs += heldMs
    }
  }
}

function classOf(status: number): number {
  const hundreds = Math.trunc(status / 100)
  return hundreds < statusClasses.length ? hundreds : 0
}

function protocolOf(protocol: Entry['protocol']): number {
  if (protocol === 'http/1.1') return 1
  return protocol === 'h2' ? 2 : 0
}
