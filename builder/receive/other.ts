import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { deployOther } from '#contract/builder.ts'
import type { Peer } from '#contract/call.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import { removeLeft } from '#builder/build/files.ts'
import { secretsOf } from '#builder/build/redact.ts'
import { BadArchive, unpack } from '#builder/build/unpack.ts'
import { makeFromImage, readImageArchive } from '#builder/build/with-image.ts'
import type { ImageOrigin } from '#driver/driver.ts'
import { git, type Objects } from '#builder/git.ts'
import type { Places } from '#builder/places.ts'
import { Refused } from '#builder/refused.ts'
import type { Commit } from './commit.ts'
import { deployCommit, releaseRecorded } from './push.ts'
import type { Push, PushTools } from './pushed.ts'

/** What is deployed without a push. */
export type Other = BodyOf<typeof deployOther>['what']

/** Removes what a killed builder left of uploads. */
export function sweepUploads({ builds }: Places): Promise<void> {
  return removeLeft(uploadsOf(builds))
}

function uploadsOf(builds: string): string {
  return join(dirname(builds), 'uploads')
}

/** As `judgePush`: builds, releases and follows. Throws Refused for what does not get so far. */
export function deployOtherwise(push: Push, what: Other, tools: PushTools): Promise<boolean> {
  return what.kind === 'image' ? deployPulled(push, what, tools) : deploySource(push, what, tools)
}

async function deployPulled(
  push: Push,
  { name, auth }: Extract<Other, { kind: 'image' }>,
  tools: PushTools,
): Promise<boolean> {
  const digest = name.slice(name.lastIndexOf(':') + 1)
  const origin = { kind: 'pull', name, ...(auth === undefined ? {} : { auth }) } as const
  const subject = `Image ${name.slice(0, name.indexOf('@'))}`
  return releaseRecorded(imageCommit(push, subject, digest, origin), tools)
}

/** The files of the archive become a commit that no branch leads to; from there it is a push like any. */
async function deploySource(
  push: Push,
  { secret, description }: Extract<Other, { kind: 'source' }>,
  tools: PushTools,
): Promise<boolean> {
  const { places, limits } = tools.tools
  const scratch = join(uploadsOf(places.builds), randomUUID())
  const [archive, files] = [join(scratch, 'archive'), join(scratch, 'files')]
  try {
    await mkdir(files, { recursive: true, mode: 0o755 })
    await fetchSource(tools.controller, secret, archive, push.cancelled)
    const image = await readImageArchive(archive, push.cancelled)
    if (image !== null) {
      const origin = { kind: 'load', file: archive } as const
      const subject = description === '' ? 'Image from a file' : description
      return await releaseRecorded(imageCommit(push, subject, image.digest, origin), tools)
    }
    const space = { entries: 200_000, totalBytes: limits.treeBytes }
    await unpack(archive, files, space, push.cancelled).catch(explainArchive)
    const subject = description === '' ? 'Upload' : description
    const objects = { repository: push.repository, quarantine: {} }
    const commit = await commitFiles(objects, files, subject, push.cancelled)
    return await deployCommit(push, { branch: 'upload', commit }, tools)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function explainArchive(error: unknown): never {
  if (!(error instanceof BadArchive)) throw error
  const hint = 'Make it anew as a plain tar, gzipped or not, of the files of the app.'
  throw new Refused('receive', `the archive cannot be used: ${error.message}`, hint)
}

const fetchMs = 10 * 60_000

async function fetchSource(
  { url, token }: Peer,
  secret: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const answer = await fetch(`${url}/sources/${encodeURIComponent(secret)}`, {
    headers: { authorization: `Bearer ${token ?? ''}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(fetchMs)]),
    redirect: 'error',
  })
  if (!answer.ok || answer.body === null) {
    await answer.body?.cancel()
    throw new Refused('receive', 'there is no such upload (any more)', 'Upload it again.')
  }
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(file, { mode: 0o600 }), {
    signal,
  })
}

/** Kept by a ref of its own, which clients do not see, so that it can be built again. */
async function commitFiles(
  objects: Objects,
  files: string,
  subject: string,
  signal: AbortSignal,
): Promise<string> {
  const index = `${files}.index`
  const author = { NAME: 'Slipway', EMAIL: 'upload@slipway.invalid' }
  const who = Object.entries(author).flatMap(([name, value]) =>
    ['AUTHOR', 'COMMITTER'].map((role) => [`GIT_${role}_${name}`, value] as const),
  )
  const env = { GIT_INDEX_FILE: index, ...Object.fromEntries(who) }
  const ask = async (...args: string[]): Promise<string> =>
    (await git(objects, [`--work-tree=${files}`, ...args], { env }, signal)).toString().trim()
  await ask('add', '--all', '--force', '--', '.')
  const tree = await ask('write-tree')
  const commit = await ask('commit-tree', tree, '-m', subject)
  await ask('update-ref', `refs/slipway/uploads/${commit}`, commit)
  return commit
}

/** What stands for the commit of an image: its digest. */
function imageCommit(
  push: Push,
  subject: string,
  digest: string,
  origin: ImageOrigin,
): { readonly push: Push; readonly branch: string; readonly commit: Commit } {
  const { config, web_url: url, app } = push.checkout
  const password = origin.kind === 'pull' && origin.auth !== undefined ? [origin.auth.password] : []
  push.transcript.hide([...secretsOf(config, [url, app.name]), ...password])
  push.transcript.step(`Receiving ${app.name} ${subject} (by ${push.user.email})`)
  const commit = { id: digest, tree: digest, subject }
  return { push: { ...push, make: makeFromImage(origin) }, branch: 'image', commit }
}
