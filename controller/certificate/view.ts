import { failure } from '#contract/error.ts'
import type { AutomaticName, SniEndpoint } from '#contract/sni-endpoint.ts'
import { automaticNamesAmong, certificatesFor, isManual } from '#controller/store/certificates.ts'
import type { OwnedHost } from '#controller/store/certificates.ts'
import type { AppRow, AutomaticNameRow, CertificateRow, Store } from '#controller/store/tables.ts'
import { nameFor } from './names.ts'
import type { World } from './names.ts'
import { picker } from './serving.ts'
import type { AcmeSettings } from './settings.ts'

export interface ViewDeps {
  readonly db: Store
  readonly now: () => Date
  readonly acme: AcmeSettings | null
}

/** The certificates of an app, and which of its hosts each is used for. */
export interface AppCertificates {
  readonly rows: readonly CertificateRow[]
  readonly used: ReadonlyMap<string, CertificateRow>
  readonly hosts: readonly OwnedHost[]
}

export async function certificatesOf({ db, now }: ViewDeps, app: AppRow): Promise<AppCertificates> {
  const hosts = await ownedHostsOf(db, app)
  const rows = await certificatesFor(db, app.id, namesFor(hosts))
  const manual = (await isManual(db, app.id)) ? [app.id] : []
  const world: World = { hosts, certificates: rows, manual: new Set(manual) }
  const pick = picker(world, now())
  const used = hosts.flatMap((one) => {
    const row = pick(one) as CertificateRow | undefined
    return row === undefined ? [] : [[one.host, row] as const]
  })
  return { rows, used: new Map(used), hosts }
}

/** Throws CERTIFICATE_NOT_FOUND. */
export async function findCertificate(
  deps: ViewDeps,
  app: AppRow,
  nameOrId: string,
): Promise<{ readonly row: CertificateRow; readonly all: AppCertificates }> {
  const all = await certificatesOf(deps, app)
  const row = all.rows.find((one) => one.id === nameOrId || nameOf(one) === nameOrId)
  if (row !== undefined) return { row, all }
  throw failure('CERTIFICATE_NOT_FOUND', { app: app.name, certificate: nameOrId })
}

/** What people call a certificate. */
export function nameOf({ id }: Pick<CertificateRow, 'id'>): string {
  return `cert-${id.slice(0, 8)}`
}

export function viewOf(
  app: AppRow,
  row: CertificateRow,
  used: AppCertificates['used'],
): SniEndpoint {
  const domains = [...used].filter(([, one]) => one.id === row.id).map(([host]) => host)
  return {
    id: row.id,
    name: nameOf(row),
    display_name: null,
    app: { id: app.id, name: app.name },
    certificate_chain: row.chain,
    domains,
    ssl_cert: {
      id: row.id,
      acm: row.name !== null,
      'ca_signed?': row.self_signed === 0,
      'self_signed?': row.self_signed === 1,
      cert_domains: JSON.parse(row.names) as string[],
      issuer: row.issuer,
      subject: row.subject,
      starts_at: row.starts_at,
      expires_at: row.expires_at,
    },
    created_at: row.created_at,
    updated_at: row.updated_at,
  }
}

/** Those that a certificate for some of these hosts may be asked for by. */
function namesFor(hosts: readonly OwnedHost[]): readonly string[] {
  return [...new Set(hosts.flatMap(({ host }) => [host, `*${host.slice(host.indexOf('.'))}`]))]
}

/** How each host of an app stands with automatic certificates. */
export async function standingOf(
  deps: ViewDeps,
  app: AppRow,
  all: AppCertificates,
): Promise<AutomaticName[]> {
  const rows = await automaticNamesAmong(deps.db, namesFor(all.hosts))
  const states = new Map(rows.map((row) => [row.name, row]))
  const isOff = await isManual(deps.db, app.id)
  return all.hosts.map(({ host }) => {
    const row = all.used.get(host)
    const expires_at = row?.expires_at ?? null
    const standing = stand(deps, { host, row, isOff, states })
    return { hostname: host, expires_at, ...standing }
  })
}

interface Case {
  readonly host: string
  readonly row: CertificateRow | undefined
  readonly isOff: boolean
  readonly states: ReadonlyMap<string, AutomaticNameRow>
}

type Standing = Pick<AutomaticName, 'acm_status' | 'acm_status_reason' | 'next_at'>

function stand({ acme, now }: ViewDeps, { host, row, isOff, states }: Case): Standing {
  const at = (acm_status: string, reason: string | null, next_at: string | null): Standing => ({
    acm_status,
    acm_status_reason: reason,
    next_at,
  })
  const isGood = row !== undefined && row.expires_at > now().toISOString()
  if (isGood && row.name === null) return at('own', null, null)
  if (isOff) return at('none', 'Automatic certificates are off for this app.', null)
  if (acme === null) return at('none', 'This platform makes no automatic certificates.', null)
  const { domain, types } = acme
  const wanted = nameFor(host, { domain, hasDns: types.includes('dns-01') })
  if ('reason' in wanted) return at('none', wanted.reason, null)
  const state = states.get(wanted.name)
  if (state === undefined) return at('pending', null, null)
  if (state.failure !== null) return at('failing', state.failure, state.due_at)
  return at(isGood ? 'ok' : 'pending', null, state.due_at)
}

async function ownedHostsOf(db: Store, app: AppRow): Promise<OwnedHost[]> {
  const rows = await db
    .selectFrom('domains')
    .innerJoin('environments', 'environments.id', 'domains.environment_id')
    .select(['host', 'environment_id'])
    .where('app_id', '=', app.id)
    .orderBy('host')
    .execute()
  return rows.map((row) => ({ ...row, app_id: app.id, app: app.name, owner_id: app.owner_id }))
}
