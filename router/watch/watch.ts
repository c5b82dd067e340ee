import { now } from '#router/clock.ts'
import type { Log } from '#lib/log.ts'
import type { Entry, Observer } from '#router/proxy/entry.ts'
import type { HandshakeEnd } from '#router/transport/transport.ts'
import type { Site } from '#router/table/site.ts'
import { AccessFile } from './access-file.ts'
import type { AppCounts } from './app-counts.ts'
import { Counters } from './counters.ts'
import { LineBuffer } from './line-buffer.ts'
import type { LineOwner } from './line-buffer.ts'
import { snapshotOf, Totals } from './metrics.ts'
import type { Sources } from './metrics.ts'
import { Receipts } from './receipts.ts'
import { Shipper } from './shipper.ts'
import type { Send } from './shipper.ts'
import type { Snapshot } from './snapshot.ts'

export interface WatchOptions {
  readonly log: Log
  /** Takes access lines to the logs of their apps; without it there are none. */
  readonly send?: Send
  /** File of JSON lines, one for each request; without it there is none. */
  readonly accessLog?: string
  readonly sources?: Sources
  readonly limits?: Partial<WatchLimits>
}

interface WatchLimits {
  /** Access lines of one app in a second; the rest is counted. */
  readonly linesPerSecond: number
  /** Access lines on their way, over all apps: a power of two. */
  readonly lines: number
  /** Apps with metrics of their own. */
  readonly apps: number
  /** How often lines are shipped and written. */
  readonly everyMs: number
}

const defaultLimits: WatchLimits = {
  linesPerSecond: 1000,
  lines: 8192,
  apps: 1000,
  everyMs: 500,
}

/** Sees all that passes: access lines, metrics, receipts. */
export interface Watch extends Observer {
  connected(): void
  gone(): void
  tunnelBegan(entry: Entry): void
  handshake(kind: HandshakeEnd): void
  readonly receipts: Receipts
  /** The metrics as a value, see `merge` and `render`. */
  snapshot(): Snapshot
  /** The file of JSON lines was moved away. */
  reopen(): void
  /** Ships and writes what it has. */
  flush(): Promise<void>
  /** The same, a last time; waits at most two seconds for the controller. */
  close(): Promise<void>
}

const closeMs = 2000

/** Where the requests of a site are counted. */
interface Place extends LineOwner {
  counts: AppCounts
}

export function openWatch(options: WatchOptions): Watch {
  return new Watching(options)
}

class Watching implements Watch {
  readonly receipts = new Receipts()
  readonly #places = new WeakMap<Site, Place>()
  readonly #totals = new Totals()
  readonly #counters: Counters
  readonly #buffer: LineBuffer
  readonly #shipper: Shipper | null
  readonly #file: AccessFile | null
  readonly #sources: Sources
  readonly #everyMs: number
  readonly #timer: NodeJS.Timeout
  #dueMs: number

  constructor({ log, send, accessLog, sources = {}, limits }: WatchOptions) {
    const { lines, linesPerSecond, apps, everyMs } = { ...defaultLimits, ...limits }
    this.#sources = sources
    this.#counters = new Counters(apps)
    this.#buffer = new LineBuffer({ limit: lines, perSecond: linesPerSecond })
    this.#shipper = send === undefined ? null : new Shipper(this.#buffer, send, log)
    this.#file = accessLog === undefined ? null : new AccessFile(accessLog, log)
    this.#everyMs = everyMs
    this.#dueMs = now() + everyMs
    this.#timer = setInterval(() => this.#tick(), everyMs).unref()
  }

  ended(entry: Entry): void {
    const { site, endedAt } = entry
    if (entry.status !== 101) this.#totals.latency.add(entry.serviceMs)
    if (site === null) this.#counters.none.add(entry, endedAt)
    else this.#endedAt(site, entry)
    this.#file?.take(entry)
  }

  #endedAt(site: Site, entry: Entry): void {
    const place = this.#placeOf(site, entry.endedAt)
    place.counts.add(entry, entry.endedAt)
    if (this.#shipper !== null) this.#buffer.take(place, entry)
    if (this.receipts.isCounting) this.receipts.count(site.key, entry)
  }

  connected(): void {
    this.#totals.connections += 1
  }

  gone(): void {
    this.#totals.connectionsGone += 1
  }

  tunnelBegan(): void {
    this.#totals.tunnels += 1
  }

  handshake(kind: HandshakeEnd): void {
    this.#totals.handshakes[kind] += 1
  }

  snapshot(): Snapshot {
    const { shipped = 0 } = this.#shipper ?? {}
    const { dropped: unwritten = 0 } = this.#file ?? {}
    return snapshotOf({
      counters: this.#counters,
      totals: this.#totals,
      sources: this.#sources,
      lines: { shipped, dropped: this.#buffer.dropped, unwritten },
    })
  }

  reopen(): void {
    this.#file?.reopen()
    void this.#file?.flush()
  }

  async flush(): Promise<void> {
    await Promise.all([this.#shipper?.ship(), this.#file?.flush()])
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, closeMs)
    await Promise.race([this.#shipper?.ship().then(() => this.#shipper?.ship()), late])
    clearTimeout(timer)
    await this.#file?.close()
  }

  #placeOf(site: Site, nowMs: number): Place {
    const known = this.#places.get(site)
    if (known !== undefined && !known.counts.isGone) return known
    const counts = this.#counters.of(site, nowMs)
    if (known !== undefined) return Object.assign(known, { counts })
    const { app, environment } = site
    const place: Place = { app, environment, counts, second: 0, taken: 0, dropped: 0 }
    this.#places.set(site, place)
    return place
  }

  /** How late the timer is tells how long requests had to wait for this process. */
  #tick(): void {
    const nowMs = now()
    this.#totals.lag.add(Math.max(nowMs - this.#dueMs, 0))
    this.#dueMs = nowMs + this.#everyMs
    void this.flush()
  }
}
