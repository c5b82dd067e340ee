import { join } from 'node:path'
import Database from 'better-sqlite3'
import { failure } from '#contract/error.ts'
import { isBusy } from './open.ts'

/**
 * Takes a folder for this process alone; the answer gives it back.
 *
 * It is a transaction that stays open on a file of its own: the kernel ends it with the process,
 * however that dies, so there is never a stale lock. Throws ALREADY_RUNNING.
 */
export function lockFolder(folder: string): () => void {
  const lock = new Database(join(folder, 'lock'), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return () => lock.close()
  } catch (error) {
    lock.close()
    throw isBusy(error) ? failure('ALREADY_RUNNING', { folder }, { cause: error }) : error
  }
}
