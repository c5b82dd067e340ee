import { AsyncLocalStorage } from 'node:async_hooks'
import type { Test } from 'tap'
import t from 'tap'

/** What connections can be made of; all of the proxy's behaviour holds on both. */
export const transports = ['net', 'handle'] as const
export type Kind = (typeof transports)[number]

/** How the clients of a test reach the rig's proxy. */
interface Way {
  readonly kind: Kind
  readonly isSecure: boolean
}

const plain: readonly Way[] = transports.map((kind) => ({ kind, isSecure: false }))
const secure: readonly Way[] = transports.map((kind) => ({ kind, isSecure: true }))
const current = new AsyncLocalStorage<Way>()

/** The transport of the test that is running; `net` where none was chosen. */
export function currentTransport(): Kind {
  return current.getStore()?.kind ?? 'net'
}

/** What has a router as a process do as the test that is running wants it. */
export function currentSettings(): Readonly<Record<string, string>> {
  const { kind, isSecure } = current.getStore() ?? { kind: 'handle', isSecure: false }
  return {
    // The fast one is what it chooses by itself.
    ...(kind === 'net' ? { SLIPWAY_ROUTER_TRANSPORT: 'net' } : {}),
    ...(isSecure ? { SLIPWAY_TLS_DEFAULT: 'self-signed' } : {}),
  }
}

/** Whether the test that is running talks to the rig's proxy, or to a process, over TLS. */
export function isOverTls(): boolean {
  return current.getStore()?.isSecure ?? false
}

type Run = (t: Test) => Promise<void> | void
type EachWay = (name: string, run: Run) => void

function on(ways: readonly Way[]): EachWay {
  return (name, run) => {
    for (const way of ways) {
      const title = `${name} (${way.kind}${way.isSecure ? ', TLS' : ''})`
      void t.test(title, (t) => current.run(way, () => run(t)))
    }
  }
}

/** In place of tap's own, where the rig's proxy is tested: on each transport, plain and over TLS. */
export const eachTransport = { test: on([...plain, ...secure]) }

/** For tests of whole processes, which take their time: each transport and each end of it, once. */
export const eachProcess = {
  test: on([
    { kind: 'net', isSecure: false },
    { kind: 'handle', isSecure: true },
  ]),
}

/** For tests that see to TLS themselves, or are about TCP alone: on each transport, once. */
export const eachKind = { test: on(plain) }
