import { Type } from 'typebox'
import { endpoint } from '#contract/endpoint.ts'

/** What the process that keeps the folder tells one that has just been started. */
export const rereadCertificates = endpoint({
  method: 'POST',
  path: '/certificates/reread',
  summary: 'Look again at what the folder of certificates has.',
  allow: 'controller',
  body: Type.Object({}),
  reply: Type.Object({ digest: Type.String() }),
})
