import { randomUUID } from 'node:crypto'
import { failure } from '#contract/error.ts'
import type { Config } from '#controller/config.ts'
import { platformHost } from '#controller/domain/claim.ts'
import type { Vault } from '#controller/seal.ts'
import { appByName, insertApp } from '#controller/store/apps.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { claimsOn, insertDomain } from '#controller/store/domains.ts'
import {
  defaultEnvironment,
  insertEnvironment,
  takenSubnets,
} from '#controller/store/environments.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'
import { makeUpName, refuseName } from './name.ts'
import { freeSubnet } from './subnet.ts'

export interface AppDeps {
  readonly db: Store
  readonly vault: Vault
  readonly now: () => Date
  readonly config: Pick<Config, 'domain' | 'networks' | 'stack'>
  readonly foreignSubnets: (signal: AbortSignal) => Promise<string[]>
}

interface Owner {
  readonly id: string
  readonly email: string
}

/** Branches that deploy to `production`. */
const branches = ['main', 'master']

/**
 * Makes an app with its environment, subnet and host name.
 *
 * Throws APP_NAME_INVALID, APP_NAME_TAKEN or NETWORKS_FULL.
 */
export async function makeApp(
  deps: AppDeps,
  owner: Owner,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<AppRow> {
  const name = wanted ?? makeUpName()
  refuseName(name)
  const foreign = await deps.foreignSubnets(signal)
  const app = appRow(deps, owner, name)
  await deps.db.transaction().execute(async (trx) => {
    await refuseTaken(trx, deps, name)
    await insertApp(trx, app)
    await addEnvironment(trx, deps, app, foreign)
    const deed = { actor: owner.email, action: 'app.create', target: name }
    await recordDeed(trx, { at: app.created_at, ...deed })
  })
  return app
}

/** Its host may be an administrator's gift to another app, though no app has the name. */
async function refuseTaken(db: Store, { config }: AppDeps, name: string): Promise<void> {
  const claims = await claimsOn(db, [platformHost(config, name)])
  const isTaken = claims.length > 0 || (await appByName(db, name)) !== undefined
  if (isTaken) throw failure('APP_NAME_TAKEN', { name })
}

function appRow({ vault, now, config }: AppDeps, owner: Owner, name: string): AppRow {
  const id = randomUUID()
  const at = now().toISOString()
  return {
    id,
    name,
    owner_id: owner.id,
    stack: config.stack,
    data_key: vault.newDataKey(id),
    created_at: at,
    updated_at: at,
  }
}

async function addEnvironment(
  db: Store,
  { config: { networks, domain } }: AppDeps,
  app: AppRow,
  foreign: readonly string[],
): Promise<void> {
  const subnet = freeSubnet(networks, await takenSubnets(db), foreign)
  if (subnet === null) throw failure('NETWORKS_FULL', { range: networks })
  const id = randomUUID()
  const created_at = app.created_at
  await insertEnvironment(db, {
    id,
    app_id: app.id,
    name: defaultEnvironment,
    parent_id: null,
    branches: JSON.stringify(branches),
    subnet,
    created_at,
  })
  const host = platformHost({ domain }, app.name)
  await insertDomain(db, { host, environment_id: id, created_at })
}
