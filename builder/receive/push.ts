import { secretsOf } from '#builder/build/redact.ts'
import type { BuildTools } from '#builder/build/request.ts'
import type { Objects } from '#builder/git.ts'
import { Refused } from '#builder/refused.ts'
import { durationText } from '#builder/units.ts'
import { readCommit, type Commit } from './commit.ts'
import { followToEnd, type Followed } from './follow.ts'
import { refuse, type Push, type PushTools } from './pushed.ts'
import { record } from './record.ts'
import { planRefs } from './refs.ts'
import { sentenceOf } from './sentence.ts'
import { checkTree, treeShape, type TreeLimits } from './tree.ts'

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
    return await deployCommit(push, plan, tools)
  } catch (error) {
    refuse(transcript, sentenceOf(error, tools.tools.log))
    return false
  }
}

/** Builds a commit, releases it, and follows it until it is live. */
export async function deployCommit(
  push: Push,
  { branch, commit: id }: { branch: string; commit: string },
  tools: PushTools,
): Promise<boolean> {
  const { checkout, transcript, user, report, cancelled } = push
  const { app } = checkout
  transcript.hide(secretsOf(checkout.config, [checkout.web_url, app.name]))
  transcript.step(`Receiving ${app.name} ${branch} ${id.slice(0, 7)} (by ${user.email})`)
  const objects = { repository: push.repository, quarantine: report.quarantine }
  const [commit] = await Promise.all([
    readCommit(objects, id, cancelled),
    checkContent(objects, id, tools.tools, cancelled),
  ])

  return releaseRecorded({ push, branch, commit }, tools)
}

/** Makes a slug under a record of it, releases it, and follows it until it is live. */
export async function releaseRecorded(
  {
    push,
    branch,
    commit,
  }: { readonly push: Push; readonly branch: string; readonly commit: Commit },
  tools: PushTools,
): Promise<boolean> {
  const objects = { repository: push.repository, quarantine: push.report.quarantine }
  const release = await record(push, branch, commit, objects, tools)
  if (release === null) return false
  push.transcript.step(`Releasing v${release.version}`)
  return conclude(push, release.version, tools)
}

async function checkContent(
  objects: Objects,
  commit: string,
  { limits }: BuildTools,
  signal: AbortSignal,
): Promise<void> {
  const shape: TreeLimits = { ...treeShape, totalBytes: limits.treeBytes }
  const { files } = await checkTree(objects, commit, shape, signal)
  if (files > 0) return
  const hint =
    'Add the files of an app (package.json, Procfile, Dockerfile, ...), commit, push again.'
  throw new Refused('detect', 'the commit holds no files', hint)
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
