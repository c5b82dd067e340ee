import { join } from 'node:path'
import { readPlainFile } from '#builder/build/files.ts'
import { componentOf, type Component } from './component.ts'
import { lockFiles } from './lock-files.ts'

/** A larger lock file is passed over. */
const lockBytes = 32 * 1024 ** 2

/** What the lock files of an app name, each once, in order. */
export async function componentsOf(app: string): Promise<Component[]> {
  const found = new Map<string, Component>()
  const read = new Set<string>()
  for (const { name, ecosystem, read: parse } of lockFiles) {
    if (read.has(ecosystem)) continue
    const text = await readPlainFile(join(app, name), lockBytes).catch(() => null)
    if (text === null) continue
    read.add(ecosystem)
    for (const locked of parsed(parse, text)) {
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
