import { mkdir, rm } from 'node:fs/promises'
import type { Peer } from '#contract/call.ts'
import { finishBuild, startBuild, type BuiltSlug, type Checkout } from '#contract/push.ts'
import { ask, patiently } from '#builder/ask.ts'
import { build } from '#builder/build/build.ts'
import { workplace } from '#builder/build/checkout.ts'
import { secretsOf } from '#builder/build/redact.ts'
import type { BuildRequest, BuildTools } from '#builder/build/request.ts'
import { Refused } from '#builder/refused.ts'
import type { Objects } from '#builder/git.ts'
import { durationText } from '#builder/units.ts'
import type { User } from './authentication.ts'
import { readCommit, type Commit } from './commit.ts'
import { followToEnd, type Followed } from './follow.ts'
import type { HookReport } from './hook.ts'
import type { OutputKeeper } from './keep.ts'
import { planRefs } from './refs.ts'
import { sentenceOf, type Sentence } from './sentence.ts'
import type { Transcript } from './transcript.ts'
import { checkTree, type TreeLimits } from './tree.ts'

/** A push as it arrived, while its objects are in quarantine. */
export interface Push {
  readonly user: User
  readonly checkout: Checkout
  readonly repository: string
  readonly report: HookReport
  readonly transcript: Transcript
  readonly keeper: OutputKeeper
  /** Aborts when the pusher leaves or we are told to stop; up to the release that cancels. */
  readonly cancelled: AbortSignal
  /** Told when the build is done and is about to become a release: from here on nothing is cancelled. */
  readonly onBuilt: () => void
  /** Aborts only when this program ends. */
  readonly stopped: AbortSignal
}

export interface PushTools {
  readonly controller: Peer
  readonly tools: BuildTools
}

/** Decides about a push and does what it asks for; answers whether its refs may move. */
export async function judgePush(push: Push, tools: PushTools): Promise<boolean> {
  const { transcript, report, checkout } = push
  const plan = planRefs(report.updates, checkout.branches)
  if (plan.kind === 'refuse') {
    refuse(transcript, plan)
    return false
  }
  if (plan.kind === 'store') {
    for (const note of plan.notes) transcript.say('hint', note)
    return true
  }
  try {
    return await deploy(push, plan, tools)
  } catch (error) {
    refuse(transcript, sentenceOf(error, tools.tools.log))
    return false
  }
}

function refuse(transcript: Transcript, { error, hint }: Pick<Sentence, 'error' | 'hint'>): void {
  transcript.say('error', error)
  transcript.say('hint', hint)
}

async function deploy(
  push: Push,
  { branch, commit: id }: { branch: string; commit: string },
  tools: PushTools,
): Promise<boolean> {
  const { checkout, transcript, user, report, cancelled } = push
  const { app } = checkout
  transcript.hide(secretsOf(checkout.config, [checkout.web_url, app.name]))
  transcript.step(`Receiving ${app.name} ${branch} ${id.slice(0, 7)} (by ${user.email})`)
  const objects = { repository: push.repository, quarantine: report.quarantine }
  const commit = await readCommit(objects, id, cancelled)
  await checkContent(objects, commit, tools.tools, cancelled)

  const release = await record(push, branch, commit, objects, tools)
  if (release === null) return false
  transcript.step(`Releasing v${release.version}`)
  return conclude(push, release.version, tools)
}

/** A tree as a push may have it; the size is a setting. */
const treeShape = { entries: 200_000, depth: 100, pathBytes: 1024, linkBytes: 4096 }

async function checkContent(
  objects: Objects,
  { id }: Commit,
  { limits }: BuildTools,
  signal: AbortSignal,
): Promise<void> {
  const shape: TreeLimits = { ...treeShape, totalBytes: limits.treeBytes }
  const { files } = await checkTree(objects, id, shape, signal)
  if (files > 0) return
  const hint =
    'Add the files of an app (package.json, Procfile, Dockerfile, ...), commit, push again.'
  throw new Refused('detect', 'the commit holds no files', hint)
}

/** Builds under a record of the controller's; the release, or null when there is none. */
async function record(
  push: Push,
  branch: string,
  commit: Commit,
  objects: Objects,
  { controller, tools }: PushTools,
): Promise<{ version: number } | null> {
  const { checkout, user, keeper, cancelled } = push
  const body = { app: checkout.app.id, user: user.id, commit: commit.id, branch }
  const started = { body: { ...body, description: commit.subject } }
  const { id } = await ask(controller, startBuild, started, cancelled)
  const { root } = workplace(tools.places.builds, id)
  await mkdir(root, { recursive: true, mode: 0o755 })
  keeper.open(id)
  const request = { id, checkout, objects, commit: commit.id, tree: commit.tree }
  try {
    const slug = await attempt(request, push, tools)
    const result = 'digest' in slug ? ({ status: 'succeeded', slug } as const) : slug
    return (await finish(controller, id, result, push)).release
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

type Ending = { readonly status: 'failed' | 'cancelled'; readonly stage: string }

/** Builds; a failure is told to the pusher and becomes the build's end. */
async function attempt(
  request: BuildRequest,
  { transcript, cancelled, onBuilt }: Push,
  tools: BuildTools,
): Promise<BuiltSlug | Ending> {
  try {
    const slug = await build(request, tools, transcript, cancelled)
    cancelled.throwIfAborted()
    onBuilt()
    return slug
  } catch (error) {
    const reason = cancelled.aborted ? cancelled.reason : error
    const sentence = sentenceOf(reason, tools.log)
    refuse(transcript, sentence)
    return { status: cancelled.aborted ? 'cancelled' : 'failed', stage: sentence.stage }
  }
}

/** A controller that restarts just now is waited for: the work is done. */
const patienceMs = 30_000

async function finish(
  controller: Peer,
  build: string,
  body: Ending | { readonly status: 'succeeded'; readonly slug: BuiltSlug },
  { keeper, stopped }: Push,
) {
  await keeper.flush()
  const options = { params: { build }, body }
  return patiently(patienceMs, () => ask(controller, finishBuild, options, stopped), stopped)
}

/** Follows the deployment to its end and says how it went. */
async function conclude(push: Push, version: number, tools: PushTools): Promise<boolean> {
  const { transcript, checkout, stopped } = push
  const followed = { app: checkout.app.id, version }
  const end = await followToEnd(tools.controller, followed, transcript, stopped)
  const { deployment } = end
  if (deployment.live) {
    const took = durationText(transcript.elapsedMs())
    transcript.say('success', `v${version} is live at ${checkout.web_url} (${took})`)
    return true
  }
  if (deployment.state === 'superseded') {
    transcript.say('warning', `v${version} was replaced by a newer release before it was live`)
    return true
  }
  explain(push, end)
  return false
}

/** The journal has told what failed; this makes sure of it, and says what serves now. */
function explain({ transcript, checkout }: Push, { deployment, lines }: Followed): void {
  const { version, failure } = deployment
  if (!lines.some(({ kind }) => kind === 'error')) {
    transcript.say('error', failure ?? `v${version} could not be deployed`)
  }
  if (!lines.some(({ text }) => text.includes('keeps serving'))) {
    const now = checkout.version > 0 ? `v${checkout.version} keeps serving` : 'nothing serves yet'
    transcript.say('error', `v${version} was not deployed; ${now}`)
  }
  if (lines.some(({ kind }) => kind === 'hint')) return
  transcript.say('hint', `See its output: app logs -a ${checkout.app.name}`)
}
