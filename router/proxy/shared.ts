import type { Networks } from '#router/rules/networks.ts'
import type { Routes } from '#router/table/routes.ts'
import type { Network } from '#router/transport/transport.ts'
import type { Observer } from './entry.ts'
import type { Limits } from './limits.ts'
import type { Wheel } from './wheel.ts'

/** What all connections of a proxy share. */
export interface Shared {
  readonly routes: Routes
  readonly network: Network
  readonly wheel: Wheel
  readonly limits: Limits
  readonly observer: Observer
  readonly onBug: (error: unknown) => void
  /** Proxies before us whose word about a client is taken. */
  readonly trusted: Networks | null
  /** What proves to a certificate authority that a host is ours; null: nobody asked for that. */
  readonly challenge: (host: string, token: string) => string | null
}
