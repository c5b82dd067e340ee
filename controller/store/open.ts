import { closeSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { failure } from '#contract/error.ts'
import { migrate, migrationsFolder } from './migrate.ts'
import type { Store, Tables } from './tables.ts'

export interface StoreOptions {
  readonly migrations?: string
  /** How long to wait for another program that holds the database. */
  readonly busyMs?: number
}

/**
 * Opens the database at `path`, makes or migrates it, and keeps it to this user (mode 0600).
 *
 * Every commit is on the disk when it returns. Throws DATABASE_NEWER or DATABASE_BUSY. `destroy()`
 * closes it.
 */
export async function openStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const raw = openFile(path, options.busyMs ?? 5_000)
  try {
    await migrate(raw, options.migrations ?? migrationsFolder)
  } catch (error) {
    raw.close()
    throw isBusy(error) ? failure('DATABASE_BUSY', {}, { cause: error }) : error
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: raw }) })
}

/** True for the error of a database that another program has locked. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}

function openFile(path: string, busyMs: number): Database.Database {
  // SQLite gives the files of its journal the mode of the database.
  closeSync(openSync(path, 'a', 0o600))
  const raw = new Database(path, { timeout: busyMs })
  try {
    raw.pragma('journal_mode = WAL')
    raw.pragma('synchronous = FULL')
    raw.pragma('foreign_keys = ON')
    return raw
  } catch (error) {
    raw.close()
    throw isBusy(error) ? failure('DATABASE_BUSY', {}, { cause: error }) : error
  }
}
