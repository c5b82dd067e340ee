import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { failure } from '#contract/error.ts'

/** The migrations this version knows. */
export const migrationsFolder = join(import.meta.dirname, 'migrations')

interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

type Applied = Pick<Migration, 'number' | 'checksum'>

/**
 * Brings a database to the newest migration in `folder`, each in a transaction of its own.
 *
 * Before the first change to one that is in use it is copied to `<file>.before-<number>`. Throws
 * DATABASE_NEWER, and touches nothing, when a newer Slipway has written it.
 */
export async function migrate(db: Database, folder = migrationsFolder): Promise<void> {
  const known = readMigrations(folder)
  const applied = readApplied(db)
  refuseNewer(known, applied)
  refuseChanged(known, applied)
  const missing = known.slice(applied.length)
  const next = missing[0]
  if (next === undefined) return
  if (applied.length > 0) await backUp(db, `${db.name}.before-${pad(next.number)}`)
  for (const migration of missing) apply(db, migration)
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.+\.sql$/.test(name))
  return names.toSorted().map((name) => {
    const sql = readFileSync(join(folder, name), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    return { number: Number(name.slice(0, 4)), name, sql, checksum }
  })
}

function readApplied(db: Database): Applied[] {
  const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get()
  if (table === undefined) return []
  return db.prepare('SELECT number, checksum FROM migrations ORDER BY number').all() as Applied[]
}

function refuseNewer(known: readonly Migration[], applied: readonly Applied[]): void {
  const newest = known.at(-1)?.number ?? 0
  const found = applied.at(-1)?.number ?? 0
  if (found > newest) throw failure('DATABASE_NEWER', { found, newest })
}

function refuseChanged(known: readonly Migration[], applied: readonly Applied[]): void {
  for (const [at, row] of applied.entries()) {
    if (known[at]?.number === row.number && known[at].checksum === row.checksum) continue
    throw new Error(`Migration ${pad(row.number)} is not the one this database was made with.`)
  }
}

async function backUp(db: Database, path: string): Promise<void> {
  await db.backup(path)
  chmodSync(path, 0o600)
}

function apply(db: Database, { number, name, sql, checksum }: Migration): void {
  const change = db.transaction(() => {
    db.exec(sql)
    db.exec(`CREATE TABLE IF NOT EXISTS migrations (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL
    ) STRICT`)
    db.prepare('INSERT INTO migrations VALUES (?, ?, ?, ?)').run(
      number,
      name,
      checksum,
      new Date().toISOString(),
    )
  })
  change.immediate()
}

function pad(number: number): string {
  return String(number).padStart(4, '0')
}
