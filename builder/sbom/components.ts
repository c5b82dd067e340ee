import { join } from 'node:path'
import { readPlainFile } from '#builder/build/files.ts'
import { componentOf, type Component } from './component.ts'
import { lockFiles, type LockFile } from './lock-files.ts'

/** A larger lock file is passed over. */
const lockBytes = 32 * 1024 ** 2

/** A lock file as it was read. */
export interface Lock extends LockFile {
  readonly text: string
}

/** The lock files of an app, of each ecosystem the first. */
export async function locksOf(app: string): Promise<Lock[]> {
  const found = new Map<string, Lock>()
  for (const file of lockFiles) {
    if (found.has(file.ecosystem)) continue
    const text = await readPlainFile(join(app, file.name), lockBytes).catch(() => null)
    if (text !== null) found.set(file.ecosystem, { ...file, text })
  }
  return [...found.values()]
}

/** What they name, each once, in order. */
export function componentsIn(locks: readonly Lock[]): Component[] {
  const found = new Map<string, Component>()
  for (const { ecosystem, read, text } of locks) {
    for (const locked of parsed(read, text)) {
      const component = componentOf(ecosystem, locked)
      found.set(component['bom-ref'], component)
    }
  }
  return [...found.values()].toSorted(byRef)
}

/** A lock file the package manager took is good; one it did not even read may be broken. */
function parsed<T>(parse: (text: string) => T[], text: string): T[] {
  try {
    return parse(text)
  } catch {
    return []
  }
}

function byRef(a: Component, b: Component): number {
  return a['bom-ref'] < b['bom-ref'] ? -1 : 1
}
