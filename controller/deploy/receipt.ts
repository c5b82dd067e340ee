import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '#contract/call.ts'
import type { DeploymentState } from '#contract/release.ts'
import { countReceipt } from '#contract/watch.ts'
import type { Receipt } from '#contract/watch.ts'
import { saveReceipt } from '#controller/store/deployments.ts'
import { isDone } from './deployment.ts'
import type { Hands } from './hands.ts'
import type { Wish } from './place.ts'
import { within } from './within.ts'

/** A receipt is waited for by nobody, and asked for only so often. */
const answerMs = 3000
const tries = 5
const pauseMs = 2000

/**
 * Has the router count from before the first copy starts until the last old one is gone. Goes on
 * beside the deployment, which it cannot delay, and whose end a router that does not answer cannot
 * change: then there is no receipt.
 */
export function noteForReceipt(hands: Hands, wish: Wish, id: string, state: DeploymentState): void {
  const work = workOf(hands, wish, id, state)
  work?.catch((error: unknown) => {
    if (hands.closing.aborted) return
    hands.deps.log.warn('receipt.missing', { deployment: id, reason: String(error) })
  })
}

function workOf(
  hands: Hands,
  wish: Wish,
  id: string,
  state: DeploymentState,
): Promise<unknown> | null {
  if (state === 'starting') return ask(hands, wish, id, 'open')
  return isDone(state) ? settle(hands, wish, id) : null
}

async function settle(hands: Hands, wish: Wish, id: string): Promise<void> {
  const receipt = await ask(hands, wish, id, 'close')
  await saveReceipt(hands.deps.store, id, receipt)
}

async function ask(
  { deps, closing }: Hands,
  { place }: Wish,
  id: string,
  action: 'open' | 'close',
): Promise<Receipt> {
  const body = { site: place.key, id, action }
  for (let tried = 1; ; tried += 1) {
    try {
      return await call(deps.router, countReceipt, { body, signal: within(closing, answerMs) })
    } catch (error) {
      if (tried >= tries || closing.aborted) throw error
    }
    await sleep(pauseMs, undefined, { signal: closing, ref: false })
  }
}
