import { readFile, rename, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cursor } from './cursor.ts'

/** What of a log is certain: its size, and how far each copy had been read when it was that big. */
export interface Commit {
  readonly sizeBytes: number
  readonly cursors: ReadonlyMap<string, Cursor>
}

const fileName = 'cursors.json'
/** Copies whose cursors are kept; the longest silent are forgotten. */
const cursorLimit = 500

export async function saveCommit(folder: string, commit: Commit): Promise<void> {
  const newest = [...commit.cursors].toSorted((a, b) => b[1].atMs - a[1].atMs)
  const cursors = Object.fromEntries(newest.slice(0, cursorLimit))
  const aside = join(folder, `${fileName}.new`)
  await writeFile(aside, JSON.stringify({ sizeBytes: commit.sizeBytes, cursors }), { mode: 0o600 })
  await rename(aside, join(folder, fileName))
}

/** Cuts off what was written after the last commit, and answers that commit. */
export async function restoreCommit(folder: string, log: string): Promise<Commit> {
  const text = await readFile(join(folder, fileName), 'utf8').catch(() => '')
  const kept = (text === '' ? { sizeBytes: 0, cursors: {} } : JSON.parse(text)) as {
    sizeBytes: number
    cursors: Record<string, Cursor>
  }
  const presentBytes = await sizeOf(join(folder, log))
  if (presentBytes > kept.sizeBytes) await truncate(join(folder, log), kept.sizeBytes)
  return {
    sizeBytes: Math.min(presentBytes, kept.sizeBytes),
    cursors: new Map(Object.entries(kept.cursors)),
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  )
}
