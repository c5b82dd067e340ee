import { type Static, Type } from 'typebox'
import { BuildInputs, Verification } from './build.ts'
import { endpoint } from './endpoint.ts'
import { Uuid } from './grammar.ts'
import { Checkout } from './push.ts'
import { Artifact } from './release.ts'

/** What the builder answers the controller, which proves itself by the platform's token. */

export const cancelRunning = endpoint({
  method: 'POST',
  path: '/builds/:build/actions/cancel',
  summary: 'End a build that is under way or waits; answers when it has ended.',
  allow: 'controller',
  body: Type.Object({
    /** Who the pusher shall read did it. */
    by: Type.String(),
  }),
  reply: Type.Object({
    /** `too-late`: it is about to become a release. `unknown`: no such build is under way. */
    end: Type.Union([Type.Literal('cancelled'), Type.Literal('too-late'), Type.Literal('unknown')]),
  }),
})

/** Answers when the build is recorded; it goes on by itself. */
export const deployOther = endpoint({
  method: 'POST',
  path: '/deploys',
  summary: 'Build and release what did not come by a push: an upload, or an image.',
  allow: 'controller',
  body: Type.Object({
    app: Uuid,
    user: Type.Object({ id: Uuid, email: Type.String() }),
    what: Type.Union([
      Type.Object({
        kind: Type.Literal('source'),
        /** Of `GET /sources/:secret`. */
        secret: Type.String({ maxLength: 300 }),
        description: Type.String(),
      }),
      Type.Object({
        kind: Type.Literal('image'),
        /** `NAME@sha256:…` */
        name: Type.String({ maxLength: 400 }),
        auth: Type.Optional(Type.Object({ username: Type.String(), password: Type.String() })),
      }),
    ]),
  }),
  reply: Type.Object({ build: Uuid }),
  errors: ['APP_NOT_FOUND', 'BUILD_RUNNING', 'DEPLOY_REFUSED'],
})

export const VerifyOrder = Type.Object({
  checkout: Checkout,
  user: Uuid,
  commit: Type.String(),
  slug: Type.Object({ artifact: Artifact }),
  inputs: Type.Union([BuildInputs, Type.Null()]),
})
export type VerifyOrder = Static<typeof VerifyOrder>

/** Begins, and answers at once: a build takes its time. */
export const verifyAgain = endpoint({
  method: 'POST',
  path: '/verifications',
  summary: 'Build what was built before once more, in a clean place, and compare.',
  allow: 'controller',
  body: VerifyOrder,
  reply: Type.Object({ id: Uuid }),
})

export const followVerification = endpoint({
  method: 'GET',
  path: '/apps/:app/verifications/:id',
  summary: 'How a verification goes; waits for its end, but not long.',
  allow: 'controller',
  reply: Verification,
  errors: ['VERIFICATION_GONE'],
})

/** Things of one kind that nothing needs any more. */
const Freed = Type.Object({
  /** `slugs`, `layers`, `caches`, `archives`, `images`, `runtimes`, `buildpacks`, `submodules`, … */
  kind: Type.String(),
  count: Type.Integer(),
  size: Type.Integer({ description: 'bytes' }),
})

/** What a collection removed, or would remove. */
export const Collected = Type.Object({
  dry_run: Type.Boolean(),
  freed: Type.Array(Freed),
  /** Bytes of all of them. */
  size: Type.Integer(),
  /** Bytes the builder's folder has free afterwards. */
  free: Type.Integer(),
})
export type Collected = Static<typeof Collected>

export const collectAll = endpoint({
  method: 'POST',
  path: '/actions/collect',
  summary: 'Remove what no release and no app needs; of one app also its cache and spare layers.',
  allow: 'controller',
  body: Type.Object({
    dry_run: Type.Boolean(),
    /** Only what belongs to this app. */
    app: Type.Optional(Type.Object({ id: Uuid, name: Type.String() })),
    /** E-mail of who asks; a pusher who has to wait for it reads it. */
    by: Type.String(),
  }),
  reply: Collected,
  errors: ['BUILD_RUNNING'],
})
