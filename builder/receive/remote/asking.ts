import type { CallOptions } from '#contract/call.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'

/** What a remote command works with: the contract, as the user who asks. */
export interface Asking {
  readonly email: string
  call<E extends Endpoint>(endpoint: E, options?: CallOptions<E>): Promise<ReplyOf<E>>
  /** Writes a line to whoever asks; waits while they cannot take more. */
  readonly print: (line: string) => Promise<void>
  /** Copies what an address of the controller answers. */
  readonly copy: (url: string) => Promise<void>
}

/** What was typed behind the name of a command. */
export interface Typed {
  /** `-a`; there is one wherever the command is about an app. */
  readonly app: string
  readonly words: readonly string[]
  /** `-n`; null when it was not given. */
  readonly count: number | null
  /** `-t`. */
  readonly tail: boolean
}

export interface RemoteCommand {
  /** What follows its name. */
  readonly usage: string
  readonly summary: string
  readonly needsApp: boolean
  /** How many words it takes: at least, at most. */
  readonly words: readonly [number, number]
  readonly run: (asking: Asking, typed: Typed) => Promise<void>
}
