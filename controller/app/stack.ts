import { failure } from '#contract/error.ts'
import { stacks } from '#contract/stack.ts'
import { keepStack } from '#controller/store/apps.ts'
import { recordDeed } from '#controller/store/audit.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'

/** By name or id. Throws STACK_UNKNOWN. */
export function findStack(named: string): (typeof stacks)[number] {
  const found = stacks.find(({ id, name }) => id === named || name === named)
  if (found !== undefined) return found
  const known = stacks.map(({ name }) => name).join(', ')
  throw failure('STACK_UNKNOWN', { stack: named.slice(0, 100), known })
}

/** The app as it is with the stack; what runs stays on its own until the next build. */
export async function changeStack(
  { db, now }: { readonly db: Store; readonly now: () => Date },
  app: AppRow,
  actor: string,
  named: string,
): Promise<AppRow> {
  const { name: stack } = findStack(named)
  if (stack === app.stack) return app
  const at = now().toISOString()
  await db.transaction().execute(async (trx) => {
    await keepStack(trx, app.id, stack, at)
    const detail = { stack, before: app.stack }
    await recordDeed(trx, { at, actor, action: 'stack.set', target: app.name, detail })
  })
  return { ...app, stack, updated_at: at }
}
