import { openNetNetwork } from './net.ts'
import { tryOut } from './self-test.ts'
import type { Network } from './transport.ts'

/** What an operator may ask for; `auto` takes the fast one where it proves to work. */
export const transportChoices = ['auto', 'net', 'handle'] as const
export type TransportChoice = (typeof transportChoices)[number]

export interface ChosenNetwork {
  readonly network: Network
  readonly kind: 'net' | 'handle'
  /** Why this one: a phrase for the log. */
  readonly reason: string
}

type OnBug = (error: unknown) => void

interface Needs {
  /** TLS is served, too: only then it is tried out. */
  readonly tls?: boolean
}

/** Opens the network for a choice. With `handle` it rejects where this Node has no such handles. */
export async function openNetwork(
  choice: TransportChoice,
  onBug: OnBug,
  { tls = false }: Needs = {},
): Promise<ChosenNetwork> {
  if (choice === 'net') return { network: openNetNetwork(onBug), kind: 'net', reason: 'as set' }
  if (choice === 'handle') return { ...(await openHandles(onBug)), reason: 'as set' }
  try {
    const chosen = await openHandles(onBug)
    const { network: tried } = await openHandles(fail)
    await tryOut(tried)
    // Loaded only where there is TLS: it takes 6 MiB.
    if (tls) await (await import('./self-test-tls.ts')).tryOutTls(tried)
    return { ...chosen, reason: 'it passed its test' }
  } catch (error) {
    const reason = `handle failed its test: ${error instanceof Error ? error.message : 'unknown'}`
    return { network: openNetNetwork(onBug), kind: 'net', reason }
  }
}

/** Imported only here and now: where a Node lacks the bindings, importing it throws. */
async function openHandles(onBug: OnBug): Promise<{ network: Network; kind: 'handle' }> {
  const { openHandleNetwork } = await import('./handle.ts')
  return { network: openHandleNetwork(onBug), kind: 'handle' }
}

/** During the test a bug shows as a connection that is cut. */
function fail(): void {}
