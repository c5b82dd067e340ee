import type { Peer } from '#contract/call.ts'
import type { Checkout } from '#contract/push.ts'
import type { BuildTools } from '#builder/build/request.ts'
import type { Make } from '#builder/build/with-image.ts'
import type { User } from './authentication.ts'
import type { HookReport } from './hook.ts'
import type { OutputKeeper } from './keep.ts'
import type { Sentence } from './sentence.ts'
import type { Transcript } from './transcript.ts'

/** A push as it arrived, while its objects are in quarantine. */
export interface Push {
  readonly user: User
  readonly checkout: Checkout
  readonly repository: string
  readonly report: HookReport
  readonly transcript: Transcript
  readonly keeper: OutputKeeper
  /** Makes its slug in place of a build; see with-image.ts. */
  readonly make?: Make
  /** Aborts when the pusher leaves or we are told to stop; up to the release that cancels. */
  readonly cancelled: AbortSignal
  /** Told the id of the build when there is one: from here on the API can cancel it. */
  readonly onStarted: (build: string) => void
  /** Told when the build is done and is about to become a release: from here on nothing is cancelled. */
  readonly onBuilt: () => void
  /** Aborts only when this program ends. */
  readonly stopped: AbortSignal
}

export interface PushTools {
  readonly controller: Peer
  readonly tools: BuildTools
}

/** Tells the pusher why not, and what to do. */
export function refuse(
  transcript: Transcript,
  { error, hint }: Pick<Sentence, 'error' | 'hint'>,
): void {
  transcript.say('error', error)
  transcript.say('hint', hint)
}
