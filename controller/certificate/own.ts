import { randomUUID } from 'node:crypto'
import { failure } from '#contract/error.ts'
import type { Vault } from '#controller/seal.ts'
import { recordDeed } from '#controller/store/audit.ts'
import {
  countOwn,
  deleteCertificate,
  hostsOfApp,
  insertCertificate,
  updateCertificate,
} from '#controller/store/certificates.ts'
import type { AppRow, CertificateRow, Store } from '#controller/store/tables.ts'
import { placeOf } from './deps.ts'
import { CertificateFault, inspect } from './inspect.ts'
import type { Inspected } from './inspect.ts'
import { covers } from './names.ts'

export interface OwnDeps {
  readonly db: Store
  readonly vault: Pick<Vault, 'sealText'>
  readonly now: () => Date
}

/** A certificate as somebody brings it; PEM. */
export interface Brought {
  readonly certificate_chain: string
  readonly private_key: string
}

/** An app may have so many of its own. */
const limit = 100

/** Throws CERTIFICATE_INVALID or CERTIFICATES_FULL. */
export async function addOwn(
  deps: OwnDeps,
  { app, actor }: { readonly app: AppRow; readonly actor: string },
  brought: Brought,
): Promise<CertificateRow> {
  const row = await rowFrom(deps, app, { id: randomUUID(), brought })
  await deps.db.transaction().execute(async (trx) => {
    if ((await countOwn(trx, app.id)) >= limit) {
      throw failure('CERTIFICATES_FULL', { app: app.name, limit })
    }
    await insertCertificate(trx, row)
    await note(trx, { app, actor, action: 'certificate.add' }, row)
  })
  return row
}

/** Puts another in the place of one. Throws CERTIFICATE_INVALID. */
export async function replaceOwn(
  deps: OwnDeps,
  { app, actor }: { readonly app: AppRow; readonly actor: string },
  { old, brought }: { readonly old: CertificateRow; readonly brought: Brought },
): Promise<CertificateRow> {
  const made = await rowFrom(deps, app, { id: old.id, brought })
  const row = { ...made, created_at: old.created_at }
  await deps.db.transaction().execute(async (trx) => {
    await updateCertificate(trx, row)
    await note(trx, { app, actor, action: 'certificate.replace' }, row)
  })
  return row
}

export async function removeOwn(
  { db, now }: OwnDeps,
  { app, actor }: { readonly app: AppRow; readonly actor: string },
  old: CertificateRow,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await deleteCertificate(trx, old.id)
    const updated_at = now().toISOString()
    await note(trx, { app, actor, action: 'certificate.remove' }, { ...old, updated_at })
  })
}

async function rowFrom(
  { db, vault, now }: OwnDeps,
  app: AppRow,
  { id, brought }: { readonly id: string; readonly brought: Brought },
): Promise<CertificateRow> {
  const { names, key, ...rest } = checked(brought, now())
  const at = now().toISOString()
  const row = {
    ...rest,
    id,
    app_id: app.id,
    name: null,
    names: JSON.stringify(names),
    key: vault.sealText(placeOf(id), key),
    created_at: at,
    updated_at: at,
  }
  const hosts = await hostsOfApp(db, app.id)
  if (hosts.some((host) => covers(row, host))) return row
  throw failure('CERTIFICATE_INVALID', {
    reason: `it is for ${few(names)}, and the domains of "${app.name}" are ${few(hosts)}`,
  })
}

function checked({ certificate_chain, private_key }: Brought, now: Date): Inspected {
  try {
    return inspect({ chain: certificate_chain, key: private_key }, now)
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error
    throw failure('CERTIFICATE_INVALID', { reason: error.message })
  }
}

const shown = 5

function few(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const more = names.length - shown
  return names.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

async function note(
  db: Store,
  { app, actor, action }: { readonly app: AppRow; readonly actor: string; readonly action: string },
  { id, names, expires_at, updated_at }: CertificateRow,
): Promise<void> {
  const detail = { id, names: JSON.parse(names) as string[], expires_at }
  await recordDeed(db, { at: updated_at, actor, action, target: app.name, detail })
}
