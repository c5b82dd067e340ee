import type { HCode } from './entry.ts'
import { reply } from './reply.ts'
import type { Reply } from './reply.ts'
import type { Request } from './request.ts'

/**
 * Why an instance is lost to a request: it refused the connection, it did not take it in time, it
 * had closed it before the request came, it closed it afterwards, or what it answered is no HTTP.
 */
export type Loss = 'refused' | 'unreached' | 'stale' | 'closed' | 'malformed'

const lossCodes: Readonly<Record<Loss, HCode>> = {
  refused: 'H21',
  unreached: 'H19',
  stale: 'H13',
  closed: 'H13',
  malformed: 'H17',
}

/** How far a request has come with the instances that it was sent to. */
interface Attempt {
  readonly request: Request
  readonly sawAnswer: boolean
  /** More of the body was sent than came along with its head. */
  readonly bodyFollowed: boolean
  readonly isRepeated: boolean
}

/** There was no connection, so the instance knows nothing of the request. */
export function isUnreached(loss: Loss): boolean {
  return loss === 'refused' || loss === 'unreached'
}

/**
 * Nothing of an answer came, all that was sent can be sent again, and either it is harmless to
 * do twice, or the instance cannot have done it yet: it was never connected or still lacks the body.
 */
export function mayTryAgain(loss: Loss, attempt: Attempt): boolean {
  if (isUnreached(loss)) return true
  if (attempt.sawAnswer || attempt.bodyFollowed || loss === 'malformed') return false
  // A request that makes an instance fall over must not be handed through all of them.
  if (loss === 'closed' && attempt.isRepeated) return false
  const { isIdempotent, hasBody, bodyBegan } = attempt.request
  return isIdempotent || (hasBody && !bodyBegan)
}

/** What is said when no other instance is left, or may be asked; `fields`: each with its CR LF. */
export function lossReply(loss: Loss, fields: string): Reply {
  return reply(isUnreached(loss) ? 503 : 502, lossCodes[loss], fields)
}

/** Of an answer whose head was passed on: it is broken off. */
export function cutCode(loss: Loss): HCode {
  return loss === 'malformed' ? 'H17' : 'H18'
}
