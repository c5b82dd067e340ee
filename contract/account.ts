import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'

export const Account = Type.Object({
  id: Uuid,
  email: Type.String(),
  admin: Type.Boolean(),
  created_at: Time,
})
export type Account = Static<typeof Account>

export const Key = Type.Object({
  id: Uuid,
  /** Last word of the public key line. */
  comment: Type.String(),
  /** `SHA256:…`, as ssh-keygen -l prints it. */
  fingerprint: Type.String(),
  public_key: Type.String(),
  email: Type.String(),
  created_at: Time,
})
export type Key = Static<typeof Key>

/** The token is in the clear in the answer to its creation only; we keep a hash. */
export const Authorization = Type.Object({
  id: Uuid,
  description: Type.String(),
  access_token: Type.Object({
    token: Type.String(),
    expires_in: Type.Union([Type.Integer(), Type.Null()], { description: 'seconds' }),
  }),
  user: Type.Object({ id: Uuid, email: Type.String() }),
  created_at: Time,
})
export type Authorization = Static<typeof Authorization>

const Email = Type.String({ pattern: '^[^\\s@]{1,64}@[^\\s@]{1,190}$' })
const Password = Type.String({ minLength: 10, maxLength: 256 })

/** First administrator of a fresh platform; needs the secret that lies on the host. */
export const setUp = endpoint({
  method: 'POST',
  path: '/setup',
  summary: 'Make the first administrator of a fresh platform.',
  allow: 'anyone',
  status: 201,
  body: Type.Object({ secret: Type.String(), email: Email, password: Password }),
  reply: Authorization,
  errors: ['SETUP_DONE', 'SETUP_SECRET_WRONG'],
})

/** Basic authentication with email and password (or Bearer, to make a further token). */
export const logIn = endpoint({
  method: 'POST',
  path: '/oauth/authorizations',
  summary: 'Make a token; send email and password by Basic authentication.',
  allow: 'anyone',
  status: 201,
  body: Type.Object({
    description: Type.Optional(Type.String({ maxLength: 200 })),
    expires_in: Type.Optional(Type.Integer({ minimum: 60 })),
  }),
  reply: Authorization,
  errors: ['LOGIN_WRONG', 'TOO_MANY'],
})

export const logOut = endpoint({
  method: 'DELETE',
  path: '/oauth/authorizations/~',
  summary: 'Revoke the token this request was made with.',
  allow: 'user',
})

export const whoAmI = endpoint({
  method: 'GET',
  path: '/account',
  summary: 'The account of the token.',
  allow: 'user',
  reply: Account,
})

export const addUser = endpoint({
  method: 'POST',
  path: '/users',
  summary: 'Make an account.',
  allow: 'admin',
  status: 201,
  body: Type.Object({ email: Email, password: Password }),
  reply: Account,
  errors: ['USER_TAKEN'],
})

export const listKeys = endpoint({
  method: 'GET',
  path: '/account/keys',
  summary: 'The SSH keys you push with.',
  allow: 'user',
  reply: Type.Array(Key),
})

export const addKey = endpoint({
  method: 'POST',
  path: '/account/keys',
  summary: 'Add an SSH public key.',
  allow: 'user',
  status: 201,
  body: Type.Object({ public_key: Type.String({ maxLength: 16_384 }) }),
  reply: Key,
  errors: ['KEY_INVALID', 'KEY_TAKEN'],
})

export const removeKey = endpoint({
  method: 'DELETE',
  path: '/account/keys/:key',
  summary: 'Remove an SSH key, by id or fingerprint.',
  allow: 'user',
  reply: Key,
  errors: ['KEY_NOT_FOUND'],
})
