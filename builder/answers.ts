import {
  cancelRunning,
  collectAll,
  deployOther,
  followVerification,
  verifyAgain,
  type Collected,
} from '#contract/builder.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import type { Peer } from '#contract/call.ts'
import { listKept } from '#contract/push.ts'
import { ask } from './ask.ts'
import { answers, type Answered } from './calls.ts'
import type { Receiver } from './receive/receiver.ts'
import { collect, type Collecting } from './space/collect.ts'
import type { Verifications } from './verifications.ts'

const collectMs = 10 * 60_000

/** What the controller may ask of the builder. */
export function builderCalls(
  receiver: Receiver,
  verifications: Verifications,
  controller: Peer,
  collecting: Collecting,
): Answered[] {
  return [
    answers(cancelRunning, async ({ build = '' }, { by }) => ({
      end: await receiver.cancel(build, by),
    })),
    answers(deployOther, async (_params, { app, user, what }) => ({
      build: await receiver.deploy(app, user, what),
    })),
    answers(verifyAgain, async (_params, order) => ({ id: verifications.begin(order) })),
    answers(followVerification, ({ app = '', id = '' }) => verifications.follow(app, id)),
    answers(collectAll, (_params, asked) => collectFor(asked, receiver, controller, collecting)),
  ]
}

/** Of one app only between its pushes, since a build may stand on what would go. */
async function collectFor(
  { app, by, dry_run: dryRun }: BodyOf<typeof collectAll>,
  receiver: Receiver,
  controller: Peer,
  collecting: Collecting,
): Promise<Collected> {
  const signal = AbortSignal.timeout(collectMs)
  const kept = await ask(controller, listKept, {}, signal)
  if (app === undefined) return collect(collecting, kept, { dryRun, askEngine: true }, signal)
  return receiver.betweenPushes(app, by, () =>
    collect(collecting, kept, { dryRun, app: app.id }, signal),
  )
}
