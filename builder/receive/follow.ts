import type { Peer } from '#contract/call.ts'
import type { Deployment, JournalLine } from '#contract/release.ts'
import { followRelease } from '#contract/push.ts'
import { ask, patiently } from '#builder/ask.ts'
import type { Transcript } from './transcript.ts'

/** The controller waits this long for news before it answers that there is none. */
const waitSeconds = 20
/** How long a controller may be away (restarting) before we stop following. */
const patienceMs = 60_000

/** How a deployment ended, and all its journal said. */
export interface Followed {
  readonly deployment: Deployment
  readonly lines: readonly JournalLine[]
}

/**
 * Reads a deployment's journal to the pusher until it is live or has failed. Throws UNAVAILABLE when the controller stays away; the deployment goes on even so.
 */
export async function followToEnd(
  controller: Peer,
  { app, version }: { app: string; version: number },
  transcript: Transcript,
  signal: AbortSignal,
): Promise<Followed> {
  const lines: JournalLine[] = []
  const params = { app, release: String(version) }
  for (;;) {
    const query = { after: lines.at(-1)?.seq ?? 0, wait: waitSeconds }
    const question = (): Promise<Deployment> =>
      ask(controller, followRelease, { params, query }, signal, (waitSeconds + 10) * 1000)
    const news = await patiently(patienceMs, question, signal)
    for (const line of news.journal) tell(line, transcript)
    lines.push(...news.journal)
    if (news.live || news.done) return { deployment: news, lines }
  }
}

function tell({ kind, text }: JournalLine, transcript: Transcript): void {
  if (kind === 'step') transcript.step(text)
  else if (kind === 'text') transcript.text(text)
  else transcript.say(kind, text)
}
