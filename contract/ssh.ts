import { Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Uuid } from './grammar.ts'

/** Whom a certificate of the operator's authority stands for. Nobody: 404. */
export const findPrincipal = endpoint({
  method: 'GET',
  path: '/internal/principals/:principal',
  summary: 'The account a principal of an SSH certificate names, by its e-mail.',
  allow: 'builder',
  reply: Type.Object({ user: Type.Object({ id: Uuid, email: Type.String() }) }),
  errors: ['KEY_NOT_FOUND'],
})

/**
 * A token for somebody whose SSH key was good, so that what they ask by SSH passes the same gate and
 * stands under their name in the audit. Short-lived, and revoked when the command is done.
 */
export const openSession = endpoint({
  method: 'POST',
  path: '/internal/sessions',
  summary: 'A short-lived token for a user who came by SSH.',
  allow: 'builder',
  status: 201,
  body: Type.Object({ user: Uuid }),
  reply: Type.Object({ token: Type.String(), expires_in: Type.Integer() }),
  errors: ['KEY_NOT_FOUND'],
})
