import { type Static, Type } from 'typebox'
import { UserRef } from './app.ts'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'
import { HealthCheck } from './health-check.ts'
import { Receipt } from './watch.ts'

/** Process type → command line, as the Procfile (or the buildpack) says. */
export const ProcessTypes = Type.Record(Type.String(), Type.String())
export type ProcessTypes = Static<typeof ProcessTypes>

/** The process type that runs once, before copies start, in the first deployment that goes live. */
export const onceType = 'postdeploy-once'

/**
 * What a build made and a container can run.
 *
 * - `tree`: directories on the host, top first, overlaid to become `/app`
 * - `image`: an image of the engine, by digest
 */
export const Artifact = Type.Union([
  Type.Object({ kind: Type.Literal('tree'), layers: Type.Array(Type.String(), { minItems: 1 }) }),
  Type.Object({
    kind: Type.Literal('image'),
    image: Type.String(),
    /** The one TCP port it exposes: its web copies get it as PORT; else the usual one. */
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  }),
])
export type Artifact = Static<typeof Artifact>

/** The states of a deployment; the last four are ends. */
export const deploymentStates = [
  'pending',
  'releasing',
  'starting',
  'routing',
  'draining',
  'succeeded',
  'failed',
  'superseded',
  'cancelled',
] as const
export type DeploymentState = (typeof deploymentStates)[number]
export const DeploymentState = Type.Unsafe<DeploymentState>(
  Type.Union(deploymentStates.map((state) => Type.Literal(state))),
)

export const Release = Type.Object({
  id: Uuid,
  version: Type.Integer(),
  description: Type.String(),
  /** Of its newest deployment; `current` marks the one that serves. */
  status: Type.Union([Type.Literal('pending'), Type.Literal('succeeded'), Type.Literal('failed')]),
  current: Type.Boolean(),
  app: Type.Object({ id: Uuid, name: Type.String() }),
  environment: Type.Object({ id: Uuid, name: Type.String() }),
  slug: Type.Union([
    Type.Object({ id: Uuid, digest: Type.String(), commit: Type.String() }),
    Type.Null(),
  ]),
  process_types: ProcessTypes,
  /** Of its web copies; none: they are healthy when they take connections. */
  health_checks: Type.Array(HealthCheck),
  /** Keys only, never values. */
  config_keys: Type.Array(Type.String()),
  user: UserRef,
  /** Why its deployment failed, in one sentence. */
  failure: Type.Union([Type.String(), Type.Null()]),
  /** Of its newest deployment; null until that is done, or when the router did not tell. */
  receipt: Type.Union([Receipt, Type.Null()]),
  created_at: Time,
  updated_at: Time,
})
export type Release = Static<typeof Release>

/** Paged by `Range: version ..; order=desc,max=10`; 206 and `Next-Range` when there is more. */
export const listReleases = endpoint({
  method: 'GET',
  path: '/apps/:app/releases',
  summary: 'The releases of an app, paged by Range.',
  allow: 'app',
  reply: Type.Array(Release),
  errors: ['APP_NOT_FOUND'],
})

export const getRelease = endpoint({
  method: 'GET',
  path: '/apps/:app/releases/:release',
  summary: 'One release, by version (`12`), id or `current`.',
  allow: 'app',
  reply: Release,
  errors: ['APP_NOT_FOUND', 'RELEASE_NOT_FOUND'],
})

export const rollBack = endpoint({
  method: 'POST',
  path: '/apps/:app/releases',
  summary: 'Make a new release with the code and config of an older one (id or version).',
  allow: 'app',
  status: 201,
  body: Type.Object({ release: Type.String() }),
  reply: Release,
  errors: ['APP_NOT_FOUND', 'RELEASE_NOT_FOUND', 'ROLLBACK_IMPOSSIBLE'],
})

/** One line of a deployment's journal. */
export const JournalLine = Type.Object({
  seq: Type.Integer(),
  at: Time,
  /** `step` heads a stage, `text` is output, `error` and `hint` end a failed one. */
  kind: Type.Union([
    Type.Literal('step'),
    Type.Literal('text'),
    Type.Literal('error'),
    Type.Literal('hint'),
  ]),
  text: Type.String(),
})
export type JournalLine = Static<typeof JournalLine>

export const Deployment = Type.Object({
  id: Uuid,
  version: Type.Integer(),
  state: DeploymentState,
  /** True once the router serves it: from `draining` on, or succeeded. */
  live: Type.Boolean(),
  done: Type.Boolean(),
  failure: Type.Union([Type.String(), Type.Null()]),
  receipt: Type.Union([Receipt, Type.Null()]),
  journal: Type.Array(JournalLine),
})
export type Deployment = Static<typeof Deployment>

/**
 * The newest deployment of a release and its journal after line `after`. Waits up to `wait` seconds
 * (≤ 25) until there is a new line, it goes live or it is done.
 */
export const followDeployment = endpoint({
  method: 'GET',
  path: '/apps/:app/releases/:release/deployment',
  summary: 'How the deployment of a release goes; waits for news.',
  allow: 'app',
  query: Type.Object({
    after: Type.Optional(Type.Integer({ minimum: 0 })),
    wait: Type.Optional(Type.Number({ minimum: 0, maximum: 25 })),
  }),
  reply: Deployment,
  errors: ['APP_NOT_FOUND', 'RELEASE_NOT_FOUND', 'NOTHING_DEPLOYED'],
})
