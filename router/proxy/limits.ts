import type { RouteSettings } from '#contract/route.ts'
import type { Site } from '#router/table/site.ts'

/** How long and how much; each has its reason. Times are in milliseconds. */
export interface Limits {
  /** From the first byte of a request's head, or from the connection's start, to the head's end. */
  readonly headMs: number
  /** Between two pieces of a request's body. */
  readonly bodyIdleMs: number
  /** From the request's end to the answer's first byte. */
  readonly firstByteMs: number
  /** Between two pieces of an answer, or of a tunnel in either direction. */
  readonly rollingMs: number
  /** A connection to a client that asks nothing more. */
  readonly keepAliveMs: number
  /** A connection to an instance that is not needed: below the 5 s after which Node apps close it. */
  readonly instanceIdleMs: number
  /** The same, before a request that could not be repeated if that connection was just being closed. */
  readonly instanceFreshMs: number
  readonly connectMs: number
  /** Reading on after our last word, so that a reset does not take that word from the client. */
  readonly lingerMs: number
  /** An instance that refused a connection is asked last for so long. */
  readonly ejectMs: number
  /** Requests sent ahead on a connection are read up to this size. */
  readonly stashBytes: number
  /** A request's body; an app may set its own. */
  readonly bodyBytes: number
  /** Connections from clients at the same time. */
  readonly connections: number
  /** Of these, from one address (of IPv6: from one /64), unless it is a declared proxy's. */
  readonly connectionsPerAddress: number
  /** How long a request waits for an instance; 0: not at all. */
  readonly holdMs: number
  /** How many requests of an app may wait. */
  readonly queue: number
  /** How long a request waits for a slot when its app has a cap and says nothing else. */
  readonly queueMs: number
}

export const defaultLimits: Limits = {
  headMs: 15_000,
  bodyIdleMs: 30_000,
  firstByteMs: 30_000,
  rollingMs: 55_000,
  keepAliveMs: 75_000,
  instanceIdleMs: 4000,
  instanceFreshMs: 1000,
  connectMs: 5000,
  lingerMs: 2000,
  ejectMs: 5000,
  stashBytes: 65_536,
  bodyBytes: Infinity,
  connections: 20_000,
  connectionsPerAddress: 10_000,
  holdMs: 0,
  queue: 1000,
  queueMs: 30_000,
}

/** What a site says of its own, over what holds for all. */
export function siteLimits(site: Site, all: Limits): Limits {
  return (site.limits ??= mergedLimits(site.settings, all))
}

function mergedLimits(settings: RouteSettings, all: Limits): Limits {
  return {
    ...all,
    firstByteMs: settings.first_byte_ms ?? all.firstByteMs,
    rollingMs: settings.rolling_ms ?? all.rollingMs,
    bodyBytes: settings.body_limit ?? all.bodyBytes,
    holdMs: settings.hold_ms ?? all.holdMs,
    queue: settings.queue ?? all.queue,
  }
}
