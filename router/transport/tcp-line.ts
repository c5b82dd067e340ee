import type { TcpHandle } from './binding.ts'
import type { Line } from './line.ts'
import type { Source } from './transport.ts'

/** A TCP connection that nobody else knows of. */
export class TcpLine implements Line {
  readonly handle: TcpHandle
  readonly source: Source
  readonly isSecure = false
  readonly serverName = ''

  constructor(handle: TcpHandle, source: Source) {
    this.handle = handle
    this.source = source
  }

  close(): void {
    this.handle.close()
  }

  reset(): void {
    if (this.handle.reset() !== 0) this.handle.close()
  }
}
