import { uuidPattern } from '#contract/grammar.ts'
import { appById, appByName, isCollaborator } from '#controller/store/apps.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'

const uuid = new RegExp(uuidPattern)

/**
 * The app with this name or id, if the user may work on it: its owner, a collaborator, an
 * administrator. One that is not theirs and one that is not there are both undefined.
 */
export async function findApp(
  db: Store,
  user: { readonly id: string; readonly admin: boolean },
  nameOrId: string,
): Promise<AppRow | undefined> {
  const app = await appNamed(db, nameOrId)
  if (app === undefined) return undefined
  const works =
    user.admin || app.owner_id === user.id || (await isCollaborator(db, app.id, user.id))
  return works ? app : undefined
}

/** The app with this name or id, whoever asks: only for programs. */
export function appNamed(db: Store, nameOrId: string): Promise<AppRow | undefined> {
  return uuid.test(nameOrId) ? appById(db, nameOrId) : appByName(db, nameOrId)
}
