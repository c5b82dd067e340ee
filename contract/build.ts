import { type Static, Type } from 'typebox'
import { UserRef } from './app.ts'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'

/** What the result of a build is made from: the same again makes the same. */
export const BuildInputs = Type.Object({
  /** Digest of all of it, with the values of the config: builds with the same key are not built twice. */
  key: Type.String(),
  /** Git tree of the files, without what .slugignore names. */
  tree: Type.String(),
  stack: Type.Object({ name: Type.String(), digest: Type.String() }),
  builder: Type.Union([Type.Literal('buildpacks'), Type.Literal('dockerfile')]),
  /** `slipway` are all of ours; then those that were chosen, in order. */
  buildpacks: Type.Array(Type.Object({ name: Type.String(), digest: Type.String() })),
  /** Keys of the config, and settings of the platform, that a build may read. */
  config_keys: Type.Array(Type.String()),
  settings: Type.Array(Type.String()),
})
export type BuildInputs = Static<typeof BuildInputs>

export const Build = Type.Object({
  id: Uuid,
  app: Type.Object({ id: Uuid }),
  status: Type.Union([
    Type.Literal('pending'),
    Type.Literal('succeeded'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
  ]),
  commit: Type.String(),
  branch: Type.String(),
  stack: Type.String(),
  /** Stage a failed build stopped at, e.g. `detect`, `compile`. */
  stage: Type.Union([Type.String(), Type.Null()]),
  /** Plain text of what the build printed; follows while it runs. A capability URL. */
  output_stream_url: Type.String(),
  slug: Type.Union([Type.Object({ id: Uuid }), Type.Null()]),
  /** Null: it made nothing, or took an image as it is. */
  inputs: Type.Union([BuildInputs, Type.Null()]),
  release: Type.Union([Type.Object({ id: Uuid, version: Type.Integer() }), Type.Null()]),
  user: UserRef,
  created_at: Time,
  updated_at: Time,
})
export type Build = Static<typeof Build>

export const listBuilds = endpoint({
  method: 'GET',
  path: '/apps/:app/builds',
  summary: 'The builds of an app, newest first.',
  allow: 'app',
  reply: Type.Array(Build),
  errors: ['APP_NOT_FOUND'],
})

/** Ends its deployment as well, as long as the router has not heard of that. */
export const cancelBuild = endpoint({
  method: 'DELETE',
  path: '/apps/:app/builds/:build',
  summary: 'Cancel a build that waits or runs, by id (or its first 8 characters), or `latest`.',
  allow: 'app',
  reply: Build,
  errors: ['APP_NOT_FOUND', 'BUILD_NOT_FOUND', 'BUILD_ENDED'],
})

/** What building a second time came to. */
export const Verified = Type.Object({
  identical: Type.Boolean(),
  /** Of all paths with their modes and contents, then and now. */
  digest: Type.String(),
  digest_again: Type.String(),
  paths: Type.Integer(),
  /** How many paths differ; the first of them are listed. */
  differing: Type.Integer(),
  differences: Type.Array(
    Type.Object({
      path: Type.String(),
      how: Type.Union([Type.Literal('changed'), Type.Literal('missing'), Type.Literal('added')]),
    }),
  ),
  /** What it is made from that is not the same any more: `stack`, `buildpacks`. */
  changed_inputs: Type.Array(Type.String()),
})
export type Verified = Static<typeof Verified>

export const Verification = Type.Object({
  id: Uuid,
  state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
  result: Type.Union([Verified, Type.Null()]),
  /** Why it failed, and what to do. */
  failure: Type.Union([Type.Object({ message: Type.String(), hint: Type.String() }), Type.Null()]),
})
export type Verification = Static<typeof Verification>

export const verifyBuild = endpoint({
  method: 'POST',
  path: '/apps/:app/builds/:build/actions/verify',
  summary: 'Build it again in a clean place and compare; begins, and answers how to follow.',
  allow: 'app',
  status: 202,
  reply: Verification,
  errors: ['APP_NOT_FOUND', 'BUILD_NOT_FOUND', 'NOTHING_TO_VERIFY', 'UNAVAILABLE'],
})

export const getVerification = endpoint({
  method: 'GET',
  path: '/apps/:app/verifications/:verification',
  summary: 'How a verification goes; waits up to 20 s for its end.',
  allow: 'app',
  reply: Verification,
  errors: ['APP_NOT_FOUND', 'VERIFICATION_GONE', 'UNAVAILABLE'],
})

export const createBuild = endpoint({
  method: 'POST',
  path: '/apps/:app/builds',
  summary: 'Build and release an uploaded archive (see POST /sources), or take an image as it is.',
  allow: 'app',
  status: 201,
  body: Type.Union([
    Type.Object({
      source_blob: Type.Object({
        /** `get_url` of a source. A tar of files, or an image that `docker save` wrote. */
        url: Type.String({ maxLength: 2000 }),
        version: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
        version_description: Type.Optional(
          Type.Union([Type.String({ maxLength: 200 }), Type.Null()]),
        ),
      }),
    }),
    Type.Object({
      image: Type.Object({
        /** `NAME@sha256:…`: a tag may be another image tomorrow. */
        name: Type.String({ maxLength: 400 }),
        /** For its registry; used once and kept nowhere. */
        username: Type.Optional(Type.String({ maxLength: 1000 })),
        password: Type.Optional(Type.String({ maxLength: 10_000 })),
      }),
    }),
  ]),
  reply: Build,
  errors: [
    'APP_NOT_FOUND',
    'BUILD_RUNNING',
    'DEPLOY_REFUSED',
    'SOURCE_ELSEWHERE',
    'IMAGE_NOT_PINNED',
    'UNAVAILABLE',
  ],
})

export const getBuild = endpoint({
  method: 'GET',
  path: '/apps/:app/builds/:build',
  summary: 'One build, by id (or its first 8 characters), or `latest`.',
  allow: 'app',
  reply: Build,
  errors: ['APP_NOT_FOUND', 'BUILD_NOT_FOUND'],
})
