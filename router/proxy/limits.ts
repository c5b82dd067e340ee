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
  readonly connections: number
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
  connections: 10_000,
}
