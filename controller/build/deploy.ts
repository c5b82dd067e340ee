import type { BodyOf } from '#contract/endpoint.ts'
import type { createBuild } from '#contract/build.ts'
import { deployOther } from '#contract/builder.ts'
import { call, type Peer } from '#contract/call.ts'
import { failure } from '#contract/error.ts'
import type { AppRow } from '#controller/store/tables.ts'

const source = /\/sources\/([\w.-]+)$/
const pinned = /^[a-z0-9][a-z0-9._:/-]{0,254}@sha256:[0-9a-f]{64}$/
/** Fetching and unpacking an archive comes before its build begins. */
const patienceMs = 300_000

/** Has the builder build an upload, or take an image; the id of the build, which has begun. */
export async function deployWith(
  { builder }: { readonly builder: Peer },
  app: AppRow,
  user: { readonly id: string; readonly email: string },
  wanted: BodyOf<typeof createBuild>,
  signal: AbortSignal,
): Promise<string> {
  const what = 'image' in wanted ? imageOf(wanted.image) : sourceOf(wanted.source_blob)
  const body = { app: app.id, user: { id: user.id, email: user.email }, what }
  const within = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  return (await call(builder, deployOther, { body, signal: within })).build
}

type What = BodyOf<typeof deployOther>['what']

function sourceOf({
  url,
  version,
  version_description: description,
}: Extract<BodyOf<typeof createBuild>, { source_blob: unknown }>['source_blob']): What {
  const secret = source.exec(url)?.[1]
  // What lies elsewhere is not fetched: anybody could make us ask anything of anyone.
  if (secret === undefined) throw failure('SOURCE_ELSEWHERE', {})
  return { kind: 'source', secret, description: description ?? version ?? '' }
}

function imageOf({
  name,
  username,
  password,
}: Extract<BodyOf<typeof createBuild>, { image: unknown }>['image']): What {
  if (!pinned.test(name)) throw failure('IMAGE_NOT_PINNED', { image: name.slice(0, 300) })
  const auth = username === undefined ? {} : { auth: { username, password: password ?? '' } }
  return { kind: 'image', name, ...auth }
}
