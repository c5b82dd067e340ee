import { enterState } from '#controller/store/deployments.ts'
import type { Entry } from '#controller/store/deployments.ts'
import { checkingMs } from './copy.ts'
import type { Target } from './copy.ts'
import { stageMs } from './deployment.ts'
import { explain } from './failure.ts'
import type { Cause } from './failure.ts'
import type { Hands } from './hands.ts'
import { failureLines, linesOf } from './journal.ts'
import type { Wish } from './place.ts'
import { noteForReceipt } from './receipt.ts'
import type { Step } from './step.ts'
import { within } from './within.ts'

type Entering = Extract<Step, { do: 'enter' }>
type Failing = Extract<Step, { do: 'fail' }>

/** How much of what a copy wrote the pusher is shown when it failed. */
const shownLines = 20
const outputMs = 5000

/** Records a state and tells whoever follows. */
export async function enter(hands: Hands, wish: Wish, { id, state }: Entering): Promise<void> {
  if (state === 'superseded') return giveUp(hands, wish, id)
  const target = targetOf(wish, id)
  if (target?.state === 'releasing') await hands.taskOutput.ended(id)
  const healthyAfterMs = (name: string): number | undefined => hands.memory.healthyAfterMs(name)
  const journal = target === undefined ? [] : linesOf(target, state, healthyAfterMs)
  const limits = { ...hands.deps.settings, checksMs: checkingMs(target?.copies ?? []) }
  await record(hands, wish, id, { state, stageMs: stageMs(state, limits), journal })
}

/** Its pusher may still be reading along. */
async function giveUp(hands: Hands, wish: Wish, id: string): Promise<void> {
  const newer = wish.deployed[0]?.version
  const sentence = {
    error: `given up: v${newer} came before it was live`,
    hint: `follow that one: app releases -a ${wish.place.app.name}`,
  }
  const journal = failureLines([], sentence)
  await record(hands, wish, id, {
    state: 'superseded',
    stageMs: 0,
    failure: sentence.error,
    journal,
  })
}

/** Ends a deployment; its copies are stopped by the next pass, since nobody wants them any more. */
export async function fail(
  hands: Hands,
  wish: Wish,
  { id, cause }: Failing,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = hands.deps
  if (cause.kind === 'task') await hands.taskOutput.ended(id)
  const sentence = explain(cause, {
    app: wish.place.app.name,
    kept: wish.wanted.serving?.version ?? null,
    memoryBytes: settings.limits.memoryBytes,
  })
  const journal = failureLines(await lastOutput(hands, cause, signal), sentence)
  await record(hands, wish, id, { state: 'failed', stageMs: 0, failure: sentence.error, journal })
}

async function record(hands: Hands, wish: Wish, id: string, entry: Entry): Promise<void> {
  const { deps } = hands
  const { place, deployed } = wish
  if (!(await enterState(deps.store, id, entry))) return
  deps.news.tell(id)
  noteForReceipt(hands, wish, id, entry.state)
  if (entry.state === 'draining') hands.onLive()
  const version = deployed.find((row) => row.id === id)?.version
  const { state } = entry
  deps.log.info('deployment.entered', { app: place.app.name, deployment: id, version, state })
  const said = entry.failure ?? events[state]
  if (said !== undefined) deps.logs.event(place.environmentId, 'deploy', `v${version} ${said}`)
}

/** What the log of the app says of a state. */
const events: Partial<Record<Entry['state'], string>> = {
  starting: 'is starting',
  draining: 'is live',
}

function targetOf({ wanted }: Wish, id: string): Target | undefined {
  return [wanted.open, wanted.serving].find((target) => target?.id === id) ?? undefined
}

/** The release task's output is in the journal already. */
async function lastOutput(hands: Hands, cause: Cause, signal: AbortSignal): Promise<string[]> {
  if (cause.kind === 'task' || cause.kind === 'late') return []
  const lines: string[] = []
  const options = { sinceMs: 0, follow: false }
  try {
    const output = hands.deps.fleet.output(cause.copy.name, options, within(signal, outputMs))
    for await (const { text } of output) lines.push(text)
  } catch (error) {
    hands.deps.log.warn('copy.output_failed', { copy: cause.copy.name, reason: String(error) })
  }
  return lines.slice(-shownLines)
}
