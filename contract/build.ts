import { type Static, Type } from 'typebox'
import { UserRef } from './app.ts'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'

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

export const getBuild = endpoint({
  method: 'GET',
  path: '/apps/:app/builds/:build',
  summary: 'One build, by id (or its first 8 characters), or `latest`.',
  allow: 'app',
  reply: Build,
  errors: ['APP_NOT_FOUND', 'BUILD_NOT_FOUND'],
})
