import type { AppCounts } from './app-counts.ts'
import { protocols, statusClasses } from './app-counts.ts'
import type { Counters } from './counters.ts'
import { Histogram } from './histogram.ts'
import { labels } from './snapshot.ts'
import type { Family, Sample, Snapshot } from './snapshot.ts'
import type { HandshakeEnd } from '#router/transport/transport.ts'

/** What is so at the moment, of one app and environment. */
export interface Standing {
  /** `app/environment` */
  readonly key: string
  /** Requests under way. */
  readonly inFlight: number
  /** Requests that wait for an instance or a slot. */
  readonly waiting: number
  readonly tunnels: number
  readonly instances: number
  /** Of these, those that refused a connection and have not taken one since. */
  readonly ejected: number
}

export interface Expiry {
  readonly name: string
  readonly expiresAtMs: number
}

/** What others know; asked when somebody reads the metrics. */
export interface Sources {
  readonly standings?: () => Iterable<Standing>
  readonly certificates?: () => Iterable<Expiry>
  readonly tableNumber?: () => number
  readonly version?: string
}

/** Fine, since there is one of it. */
const allBoundsMs = [
  0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000,
  3000, 5000, 10_000, 30_000, 60_000,
]
const lagBoundsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
/** Certificates with a series of their own: those that expire first. */
const certificateLimit = 1000

/** What is counted over all apps. */
export class Totals {
  readonly latency = new Histogram(allBoundsMs)
  readonly lag = new Histogram(lagBoundsMs)
  readonly handshakes: Record<HandshakeEnd, number> = { full: 0, resumed: 0, failed: 0 }
  connections = 0
  connectionsGone = 0
  tunnels = 0
}

export interface Counted {
  readonly counters: Counters
  readonly totals: Totals
  readonly sources: Sources
  /** Lines by what became of them. */
  readonly lines: Readonly<Record<string, number>>
}

const prefix = 'slipway_router_'

/** All there is to know, by families. */
export function snapshotOf({ counters, totals, sources, lines }: Counted): Snapshot {
  const apps = counters.all()
  return [
    ...perApp(apps),
    ...standing(counters, sources),
    histogram('duration_seconds', 'From head to end, all requests.', totals.latency.samples({})),
    counter('connections_total', 'Connections of clients taken.', [['', totals.connections]]),
    gauge('connections', 'Connections of clients that are open.', [
      ['', totals.connections - totals.connectionsGone],
    ]),
    counter('tunnels_total', 'Upgraded connections.', [['', totals.tunnels]]),
    counter('tls_handshakes_total', 'TLS handshakes.', byLabel('kind', totals.handshakes)),
    counter('log_lines_total', 'Access lines, by what became of them.', byLabel('state', lines)),
    latest('certificate_expiry_seconds', 'End of a certificate, since 1970.', expiries(sources)),
    latest('table_number', 'Routing table in force.', [['', sources.tableNumber?.() ?? 0]]),
    histogram('event_loop_lag_seconds', 'How late timers were.', totals.lag.samples({})),
    ...ownProcess(sources.version ?? ''),
  ]
}

function perApp(apps: readonly AppCounts[]): Family[] {
  const each = (sampleOf: (counts: AppCounts, own: Record<string, string>) => Sample[]): Sample[] =>
    apps.flatMap((counts) => {
      const { app, environment } = counts
      return sampleOf(counts, { app, environment })
    })
  const one = (valueOf: (counts: AppCounts) => number): Sample[] =>
    each((counts, own) => [[labels(own), valueOf(counts)]])
  return [
    counter('requests_total', 'Requests that ended.', each(requests)),
    counter('errors_total', 'Requests with a code of ours (H12, …).', each(errors)),
    histogram(
      'request_duration_seconds',
      'From head to end, by app; tunnels are left out.',
      each(({ latency }, own) => latency.samples(own)),
    ),
    counter(
      'response_bytes_total',
      'Bytes written to clients.',
      one(({ bytes }) => bytes),
    ),
    counter(
      'held_total',
      'Requests that had to wait.',
      one(({ held }) => held),
    ),
    counter(
      'held_seconds_total',
      'How long they waited.',
      one(({ heldMs }) => heldMs / 1000),
    ),
  ]
}

function requests(counts: AppCounts, own: Record<string, string>): Sample[] {
  const samples: Sample[] = []
  for (const [row, status] of statusClasses.entries()) {
    for (const [column, protocol] of protocols.entries()) {
      const value = counts.requests[row * protocols.length + column] ?? 0
      if (value > 0) samples.push([labels({ ...own, status, protocol }), value])
    }
  }
  return samples
}

function errors(counts: AppCounts, own: Record<string, string>): Sample[] {
  return [...counts.errors].map(([code, value]) => [labels({ ...own, code }), value])
}

/** An app without a place of its own is counted as `other` here too. */
function standing(counters: Counters, { standings }: Sources): Family[] {
  const sums = new Map<AppCounts, Sums>()
  for (const one of standings?.() ?? []) {
    const counts = counters.labelled(one.key)
    const sum = sums.get(counts) ?? { ...none }
    sums.set(counts, sum)
    sum.inFlight += one.inFlight
    sum.waiting += one.waiting
    sum.tunnels += one.tunnels
    sum.instances += one.instances
    sum.ejected += one.ejected
  }
  const of = (name: keyof Sums): Sample[] =>
    Array.from(sums, ([{ app, environment }, sum]) => [labels({ app, environment }), sum[name]])
  return [
    gauge('in_flight', 'Requests under way.', of('inFlight')),
    gauge('waiting', 'Requests that wait for an instance or a slot.', of('waiting')),
    gauge('tunnels', 'Upgraded connections that are open.', of('tunnels')),
    latest('instances', 'Instances in the table.', of('instances')),
    latest('ejected_instances', 'Instances that could not be reached.', of('ejected')),
  ]
}

type Sums = { -readonly [Name in Exclude<keyof Standing, 'key'>]: number }

const none: Sums = { inFlight: 0, waiting: 0, tunnels: 0, instances: 0, ejected: 0 }

/** Of several for the same name, the one that lasts longest. */
function expiries({ certificates }: Sources): Sample[] {
  const sorted = [...(certificates?.() ?? [])].toSorted((a, b) => a.expiresAtMs - b.expiresAtMs)
  const byName = new Map(sorted.map(({ name, expiresAtMs }) => [name, expiresAtMs]))
  return [...byName]
    .toSorted(([, a], [, b]) => a - b)
    .slice(0, certificateLimit)
    .map(([name, expiresAtMs]) => [labels({ name }), Math.trunc(expiresAtMs / 1000)])
}

function ownProcess(version: string): Family[] {
  const { user, system } = process.cpuUsage()
  const startedS = (Date.now() - process.uptime() * 1000) / 1000
  const build = labels({ version, node: process.version })
  const cpu: Sample[] = [['', (user + system) / 1_000_000]]
  return [
    latest('build_info', 'What runs.', [[build, 1]]),
    gauge('processes', 'Processes that serve.', [['', 1]]),
    family('process_cpu_seconds_total', 'Processor time.', 'counter', 'sum', cpu),
    family('process_resident_memory_bytes', 'Memory.', 'gauge', 'sum', [
      ['', process.memoryUsage.rss()],
    ]),
    family('process_start_time_seconds', 'Start, since 1970.', 'gauge', 'max', [['', startedS]]),
  ]
}

function byLabel(name: string, values: Readonly<Record<string, number>>): Sample[] {
  const some = Object.entries(values).filter(([, count]) => count > 0)
  return some.map(([value, count]) => [labels({ [name]: value }), count])
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return family(prefix + name, help, 'counter', 'sum', samples)
}

function histogram(name: string, help: string, samples: readonly Sample[]): Family {
  return family(prefix + name, help, 'histogram', 'sum', samples)
}

/** Each process has its own share. */
function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return family(prefix + name, help, 'gauge', 'sum', samples)
}

/** All processes have the same. */
function latest(name: string, help: string, samples: readonly Sample[]): Family {
  return family(prefix + name, help, 'gauge', 'max', samples)
}

function family(
  name: string,
  help: string,
  type: Family['type'],
  merge: Family['merge'],
  samples: readonly Sample[],
): Family {
  return { name, help, type, merge, samples }
}
