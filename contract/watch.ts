import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/** What the router counted while a deployment went on. */
export const Receipt = Type.Object({
  /** False: a process of the router was killed meanwhile, or stopped, and what it had seen is lost. */
  complete: Type.Boolean(),
  /** Requests that were answered, held ones and the app's own errors included. */
  served: Type.Integer(),
  /** Requests that waited for a copy or a slot, however they ended. */
  held: Type.Integer(),
  /** Requests that got no answer of the app but an error of the router, or an answer that broke off. */
  failed: Type.Integer(),
  /** Of those served: answers of the app with a status from 500 on. */
  app_errors: Type.Integer(),
  longest_hold_ms: Type.Integer(),
})
export type Receipt = Static<typeof Receipt>

/**
 * The router counts from `open` on under an `id`; `close` answers the counts and forgets them. Opening
 * twice changes nothing. An id it does not know has counted nothing, and is not complete.
 */
export const countReceipt = endpoint({
  method: 'POST',
  path: '/receipts',
  summary: 'Count the requests to an app while something goes on.',
  allow: 'controller',
  body: Type.Object({
    /** `app/environment` */
    site: Type.String(),
    id: Type.String(),
    action: Type.Union([Type.Literal('open'), Type.Literal('close')]),
  }),
  reply: Receipt,
})
