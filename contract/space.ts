import { Type } from 'typebox'
import { Collected } from './builder.ts'
import { endpoint } from './endpoint.ts'

/** Space on the host: what builds leave behind, and nobody needs. */

export const pruneBuilds = endpoint({
  method: 'DELETE',
  path: '/apps/:app/build-cache',
  summary: 'Remove the build cache of an app and the layers no kept release stands on.',
  allow: 'app',
  reply: Collected,
  errors: ['APP_NOT_FOUND', 'BUILD_RUNNING', 'UNAVAILABLE'],
})

/** It runs by itself once a day; this is for whoever wants numbers, or space at once. */
export const collectGarbage = endpoint({
  method: 'POST',
  path: '/actions/collect-garbage',
  summary: 'Remove what no release of any app needs, or only tell what that would be.',
  allow: 'admin',
  body: Type.Object({
    /** Removes nothing. */
    dry_run: Type.Boolean(),
  }),
  reply: Collected,
  errors: ['UNAVAILABLE'],
})
