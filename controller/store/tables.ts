import type { Generated, Kysely } from 'kysely'
import type { DeploymentState, JournalLine } from '#contract/release.ts'

/** The tables as `migrations/` makes them. Times are RFC 3339 in UTC; JSON columns are text. */
export interface Tables {
  readonly users: UserRow
  readonly tokens: TokenRow
  readonly ssh_keys: KeyRow
  readonly apps: AppRow
  readonly collaborators: CollaboratorRow
  readonly build_settings: BuildSettingsRow
  readonly environments: EnvironmentRow
  readonly domains: DomainRow
  readonly routes: RouteRow
  readonly edge: EdgeRow
  readonly certificates: CertificateRow
  readonly automatic_names: AutomaticNameRow
  readonly certificate_orders: CertificateOrderRow
  readonly acme_accounts: AcmeAccountRow
  readonly manual_certificates: ManualCertificatesRow
  readonly builds: BuildRow
  readonly slugs: SlugRow
  readonly releases: ReleaseRow
  readonly formation: FormationRow
  readonly deployments: DeploymentRow
  readonly journal: JournalRow
  readonly audit: AuditRow
  readonly counters: CounterRow
  readonly boms: BomRow
  readonly cron_runs: CronRunRow
}

/** The database, or a transaction on it: queries take either. */
export type Store = Kysely<Tables>

export interface UserRow {
  id: string
  email: string
  password_hash: string
  /** 0 or 1. */
  admin: number
  created_at: string
}

export interface TokenRow {
  id: string
  user_id: string
  hash: string
  description: string
  created_at: string
  expires_at: string
}

export interface KeyRow {
  id: string
  user_id: string
  fingerprint: string
  public_key: string
  comment: string
  created_at: string
}

export interface AppRow {
  id: string
  name: string
  owner_id: string
  stack: string
  /** Wrapped by the master key, see `controller/seal.ts`. */
  data_key: Uint8Array
  created_at: string
  updated_at: string
}

interface BuildSettingsRow {
  app_id: string
  /** JSON array. */
  buildpacks: string
  root: string
  dockerfile: string | null
  target: string | null
  updated_at: string
}

interface CollaboratorRow {
  app_id: string
  user_id: string
  created_at: string
}

export interface EnvironmentRow {
  id: string
  app_id: string
  name: string
  parent_id: string | null
  /** JSON array. */
  branches: string
  /** CIDR. */
  subnet: string
  created_at: string
}

export interface DomainRow {
  host: string
  environment_id: string
  created_at: string
  id: string
  kind: 'platform' | 'custom'
  /** Of the last look at its DNS. */
  status: 'pending' | 'succeeded' | 'failed'
  updated_at: string
}

/** A path of a host that leads elsewhere than the rest of it, or is redirected. */
export interface RouteRow {
  id: string
  host: string
  /** `/` or `/api`: no slash at the end. */
  path: string
  /** Whose copies answer. */
  environment_id: string
  /** 0 or 1. */
  strip: number
  redirect_to: string | null
  redirect_status: number | null
  created_at: string
}

interface EdgeRow {
  environment_id: string
  /** JSON. */
  settings: string
  updated_at: string
}

export interface CertificateRow {
  id: string
  /** Whose own it is; null: automatic. */
  app_id: string | null
  /** The one name of an automatic one. */
  name: string | null
  /** JSON array. */
  names: string
  /** PEM, the certificate itself first. */
  chain: string
  /** PKCS#8 in PEM, sealed. */
  key: Uint8Array
  /** SHA-256 of the chain, hex. */
  digest: string
  subject: string
  issuer: string
  /** 0 or 1. */
  self_signed: number
  starts_at: string
  expires_at: string
  created_at: string
  updated_at: string
}

export interface AutomaticNameRow {
  name: string
  due_at: string
  look_at: string | null
  failures: number
  failure: string | null
}

interface CertificateOrderRow {
  id: Generated<number>
  /** `''` for names of the platform. */
  owner_id: string
  name: string
  at: string
}

export interface AcmeAccountRow {
  directory: string
  url: string
  key: Uint8Array
  created_at: string
}

interface ManualCertificatesRow {
  app_id: string
  created_at: string
}

type BuildStatus = 'pending' | 'succeeded' | 'failed' | 'cancelled'

export interface BuildRow {
  id: string
  environment_id: string
  user_id: string
  commit_id: string
  branch: string
  description: string
  stack: string
  status: BuildStatus
  stage: string | null
  slug_id: string | null
  created_at: string
  updated_at: string
  /** JSON of `BuildInputs`. */
  inputs: string | null
}

export interface SlugRow {
  id: string
  app_id: string
  digest: string
  /** JSON of `Artifact`. */
  artifact: string
  /** JSON of `ProcessTypes`. */
  process_types: string
  buildpack: string
  stack: string
  commit_id: string
  size_bytes: number
  created_at: string
  /** Hash of a row of `boms`. */
  bom: string | null
}

export interface ReleaseRow {
  id: string
  environment_id: string
  version: number
  build_id: string | null
  slug_id: string | null
  /** Sealed JSON object. */
  config: Uint8Array
  /** JSON array. */
  config_keys: string
  /** JSON of `ProcessTypes`. */
  process_types: string
  description: string
  user_id: string
  created_at: string
  /** JSON array of `HealthCheck`. */
  health_checks: string
  /** JSON array of `CronEntry`. */
  cron: string
}

export interface FormationRow {
  environment_id: string
  type: string
  quantity: number
}

export interface DeploymentRow {
  id: string
  seq: number
  environment_id: string
  release_id: string
  reason: 'release' | 'restart'
  state: DeploymentState
  failure: string | null
  deadline_at: string
  live_at: string | null
  created_at: string
  updated_at: string
  /** JSON of `Receipt`. */
  receipt: string | null
  /** The deployment its copies were started for and are named after; null: itself. */
  copies_of: string | null
}

interface JournalRow {
  deployment_id: string
  seq: number
  at: string
  kind: JournalLine['kind']
  text: string
}

export interface AuditRow {
  seq: number
  at: string
  actor: string
  action: string
  target: string
  /** JSON. */
  detail: string
  hash: string
}

interface BomRow {
  hash: string
  components: string
}

export interface CronRunRow {
  environment_id: string
  schedule: string
  command: string
  /** The minute that its schedule names, or when somebody asked for it. */
  due_at: string
  /** Place of its entry in the release it was started of, from 1. */
  number: number
  /** Of its container. */
  name: string
  /** 0 or 1: those that go on are stopped before it starts. */
  replaces: number
  /** Null: not yet, or never. */
  started_at: string | null
  ended_at: string | null
  exit_code: number | null
}

interface CounterRow {
  name: string
  value: number
}
