import { Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/**
 * A place for an archive (tar or tar.gz): upload it by `PUT` to `put_url`, then build it by `POST
 * /apps/:app/builds` with `get_url`. Both are capability URLs, good for an hour.
 */
export const createSource = endpoint({
  method: 'POST',
  path: '/sources',
  summary: 'A place to upload an archive to, so that it can be built.',
  allow: 'user',
  status: 201,
  reply: Type.Object({
    source_blob: Type.Object({ get_url: Type.String(), put_url: Type.String() }),
  }),
})
