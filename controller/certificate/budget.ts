import { forgetOrders, ordersOfName, ordersOfOwner } from '#controller/store/certificates.ts'
import type { Store } from '#controller/store/tables.ts'
import { Hindrance } from './hindrance.ts'
import type { WantedName } from './names.ts'
import type { Budget } from './settings.ts'

const weekMs = 7 * 86_400_000

interface Spending {
  readonly budget: Budget
  readonly now: Date
  /** Renewals are not refused for their owner's sake: nobody can help having to renew. */
  readonly isRenewal: boolean
}

/**
 * Throws Hindrance when too many certificates were made for a name, or for its owner, in seven days.
 * Authorities count as well, for the platform as a whole: nobody may use up what all need.
 */
export async function refuseBeyondBudget(
  db: Store,
  { name, ownerId }: WantedName,
  { budget, now, isRenewal }: Spending,
): Promise<void> {
  const since = new Date(now.getTime() - weekMs).toISOString()
  await forgetOrders(db, since)
  const ofName = await ordersOfName(db, name, since)
  refuseBeyond(ofName, budget.duplicates, { now, what: `for ${name}` })
  // The platform's own names are few, and nobody adds to them at will.
  if (isRenewal || ownerId === '') return
  const ofOwner = await ordersOfOwner(db, ownerId, since)
  refuseBeyond(ofOwner, budget.orders, { now, what: 'for all domains of the owner of the app' })
}

function refuseBeyond(
  times: readonly string[],
  limit: number,
  { now, what }: { readonly now: Date; readonly what: string },
): void {
  const oldest = times.at(-limit)
  if (times.length < limit || oldest === undefined) return
  const free = new Date(Date.parse(oldest) + weekMs)
  const sentence = `${limit} certificates were made within seven days ${what}, which is the most; the next may be made on ${free.toISOString().slice(0, 16).replace('T', ' at ')} UTC.`
  throw new Hindrance('budget', sentence, { waitMs: free.getTime() - now.getTime() })
}
