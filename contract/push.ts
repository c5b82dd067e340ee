import { type Static, Type } from 'typebox'
import { BuildInputs } from './build.ts'
import { BuildSettings } from './buildpack.ts'
import { CronEntry, cronLimits } from './cron.ts'
import { endpoint } from './endpoint.ts'
import { ObjectId, Uuid } from './grammar.ts'
import { checkLimits, HealthCheck } from './health-check.ts'
import { Artifact, followDeployment, ProcessTypes, Release } from './release.ts'

/** What the builder asks of the controller along one push. The builder proves itself by its token. */

/** Whose key this is. No such key: 404. */
export const findKey = endpoint({
  method: 'GET',
  path: '/internal/keys/:fingerprint',
  summary: 'The account an SSH key belongs to.',
  allow: 'builder',
  reply: Type.Object({ user: Type.Object({ id: Uuid, email: Type.String() }) }),
  errors: ['KEY_NOT_FOUND'],
})

/** The answer to "may this user push to (or read) this app", and what a build of it needs. */
export const Checkout = Type.Object({
  app: Type.Object({ id: Uuid, name: Type.String() }),
  environment: Type.Object({ id: Uuid, name: Type.String() }),
  /** Branches that deploy: `main`, `master`. */
  branches: Type.Array(Type.String()),
  stack: Type.String(),
  /** Of what it runs on now; null before the first release. */
  stack_before: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  web_url: Type.String(),
  /** Version of the newest release; 0 before the first. */
  version: Type.Integer(),
  /** Clear text: the builder hands it to the build as files on tmpfs and redacts it from all output. */
  config: Type.Record(Type.String(), Type.String()),
  /** How its owner wants it built, where that is not the usual way. */
  build: Type.Optional(BuildSettings),
})
export type Checkout = Static<typeof Checkout>

/** An app that is not the user's and one that is not there get the same answer: APP_NOT_FOUND. */
export const checkOut = endpoint({
  method: 'GET',
  path: '/internal/checkouts/:app',
  summary: 'May this user push to this app, and what does its build need.',
  allow: 'builder',
  query: Type.Object({ user: Uuid }),
  reply: Checkout,
  errors: ['APP_NOT_FOUND'],
})

export const startBuild = endpoint({
  method: 'POST',
  path: '/internal/builds',
  summary: 'Record a build that begins.',
  allow: 'builder',
  status: 201,
  body: Type.Object({
    app: Uuid,
    user: Uuid,
    commit: ObjectId,
    branch: Type.String(),
    /** First line of the commit message, cut to 200 characters. */
    description: Type.String(),
  }),
  reply: Type.Object({ id: Uuid }),
  errors: ['APP_NOT_FOUND'],
})

/** Idempotent: bytes before `offset` that we have are not written again. */
export const appendOutput = endpoint({
  method: 'PATCH',
  path: '/internal/builds/:build/output',
  summary: 'Append what the build printed.',
  allow: 'builder',
  body: Type.Object({ offset: Type.Integer({ minimum: 0 }), text: Type.String() }),
  errors: ['BUILD_NOT_FOUND'],
})

export const BuiltSlug = Type.Object({
  /** `sha256:…` of the normalised content. */
  digest: Type.String(),
  artifact: Artifact,
  process_types: ProcessTypes,
  /** Name of what built it: `Node.js`, `Dockerfile`. */
  buildpack: Type.String(),
  stack: Type.String(),
  size: Type.Integer({ description: 'bytes' }),
  inputs: Type.Optional(BuildInputs),
  /** Of its web copies; none: they are healthy when they take connections. */
  health_checks: Type.Optional(Type.Array(HealthCheck, { maxItems: checkLimits.checks })),
  /** What its release runs by schedule. */
  cron: Type.Optional(Type.Array(CronEntry, { maxItems: cronLimits.entries })),
  /** What is in it: CycloneDX components as JSON, gzipped, base64. */
  bom: Type.Optional(Type.String({ maxLength: 800_000 })),
  /** What the app's own files give it where it has nothing yet; what somebody set stays. */
  first: Type.Optional(
    Type.Object({
      config: Type.Record(Type.String(), Type.String()),
      /** Copies per process type. */
      formation: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
    }),
  ),
})
export type BuiltSlug = Static<typeof BuiltSlug>

/**
 * Ends a build. Success makes a release and its deployment, in one transaction, and answers it.
 * Idempotent: the same build finished again answers the same release.
 */
export const finishBuild = endpoint({
  method: 'POST',
  path: '/internal/builds/:build/result',
  summary: 'End a build; a good one becomes a release.',
  allow: 'builder',
  body: Type.Union([
    Type.Object({ status: Type.Literal('succeeded'), slug: BuiltSlug }),
    Type.Object({ status: Type.Literal('failed'), stage: Type.String() }),
    Type.Object({ status: Type.Literal('cancelled'), stage: Type.String() }),
  ]),
  reply: Type.Object({ release: Type.Union([Release, Type.Null()]) }),
  errors: ['BUILD_NOT_FOUND'],
})

/** Slug digests and app ids that some release still names: what collection must keep. */
export const listKept = endpoint({
  method: 'GET',
  path: '/internal/kept',
  summary: 'What releases still need, for collection.',
  allow: 'builder',
  reply: Type.Object({ apps: Type.Array(Uuid), digests: Type.Array(Type.String()) }),
})

/** `followDeployment` for the builder, which has no account of its own. */
export const followRelease = endpoint({
  ...followDeployment,
  path: '/internal/apps/:app/releases/:release/deployment',
  summary: 'How the deployment of a pushed release goes; waits for news.',
  allow: 'builder',
})
