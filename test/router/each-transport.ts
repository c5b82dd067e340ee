import { AsyncLocalStorage } from 'node:async_hooks'
import type { Test } from 'tap'
import t from 'tap'

/** What connections can be made of; all of the proxy's behaviour holds on both. */
export const transports = ['net', 'handle'] as const
export type Kind = (typeof transports)[number]

const current = new AsyncLocalStorage<Kind>()

/** The transport of the test that is running; `net` where none was chosen. */
export function currentTransport(): Kind {
  return current.getStore() ?? 'net'
}

/** A test that is run on each transport. */
function test(name: string, run: (t: Test) => Promise<void> | void): void {
  for (const kind of transports) {
    void t.test(`${name} (${kind})`, (t) => current.run(kind, () => run(t)))
  }
}

/** In place of tap's own, where the rig's proxy is tested. */
export const eachTransport = { test }
