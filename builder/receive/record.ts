import { mkdir, rmdir } from 'node:fs/promises'
import type { Peer } from '#contract/call.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { SlipwayError } from '#contract/error.ts'
import { finishBuild, startBuild, type BuiltSlug } from '#contract/push.ts'
import { ask, patiently } from '#builder/ask.ts'
import { build } from '#builder/build/build.ts'
import { workplace } from '#builder/build/checkout.ts'
import { emptyDirectory } from '#builder/build/files.ts'
import type { BuildRequest, BuildTools } from '#builder/build/request.ts'
import type { Objects } from '#builder/git.ts'
import type { Commit } from './commit.ts'
import { refuse, type Push, type PushTools } from './pushed.ts'
import { sentenceOf } from './sentence.ts'

/** Builds under a record of the controller's; the release, or null when there is none. */
export async function record(
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
  push.onStarted(id)
  const request = { id, user: user.id, checkout, objects, commit: commit.id, tree: commit.tree }
  const made = await attempt(request, push, tools)
  await emptyDirectory(root)
  const result = 'digest' in made ? ({ status: 'succeeded', slug: made } as const) : made
  const release = await finish(controller, id, result, push)
  // Until the controller knows, the directory stands for a build that the next start must end.
  await rmdir(root)
  if (release === null && result.status === 'succeeded') refuse(push.transcript, ended)
  return release
}

/** The build was good, and still there is no release. */
const ended = {
  error: 'the build was ended from elsewhere: it was cancelled, or its app destroyed',
  hint: 'Nothing was deployed. See the app: app info',
}

type Ending = { readonly status: 'failed' | 'cancelled'; readonly stage: string }

/** Builds; a failure is told to the pusher and becomes the build's end. */
async function attempt(
  request: BuildRequest,
  { transcript, cancelled, onBuilt, make = build }: Push,
  tools: BuildTools,
): Promise<BuiltSlug | Ending> {
  try {
    const slug = await make(request, tools, transcript, cancelled)
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

/** Null as well when the controller knows of no such build any more. */
async function finish(
  controller: Peer,
  build: string,
  body: Ending | { readonly status: 'succeeded'; readonly slug: BuiltSlug },
  { keeper, stopped }: Push,
): Promise<{ version: number } | null> {
  await keeper.flush()
  const options = { params: { build }, body }
  const attempt = (): Promise<ReplyOf<typeof finishBuild>> =>
    ask(controller, finishBuild, options, stopped)
  try {
    return (await patiently(patienceMs, attempt, stopped)).release
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'BUILD_NOT_FOUND') return null
    throw error
  }
}
