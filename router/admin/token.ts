import { isSameSecret } from '#lib/same-secret.ts'

/** Whether an Authorization field carries the token; how long it takes tells nothing about it. */
export function isAuthorized(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? ''
  return isSameSecret(given, token)
}
