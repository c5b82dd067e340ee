import type { StreamHandle } from './binding.ts'
import type { Source } from './transport.ts'

/** What a transport is over, and who it is for. */
export interface Line {
  readonly handle: StreamHandle
  /** Closes it; */
  close(): void
  /** and so that the other side sees an error. Not while a shutdown is under way. */
  reset(): void
  /** Calls when something else has closed it. */
  onClosed?(listener: () => void): void
  readonly source: Source
  readonly isSecure: boolean
  readonly serverName: string
}
