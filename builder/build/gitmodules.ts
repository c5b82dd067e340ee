import type { Objects } from '#builder/git.ts'
import { git } from '#builder/git.ts'
import { ProgramError } from '#builder/process.ts'
import { nameText } from '#builder/receive/name.ts'
import { Refused } from '#builder/refused.ts'
import { badManifest } from './bad-manifest.ts'
import { readTreeFiles } from './tree-files.ts'

/** What `.gitmodules` says of a path: an address as it was written, or null for one git leaves out. */
export type Modules = ReadonlyMap<string, string | null>

/** Reads the `.gitmodules` of a commit; empty when there is none. Throws Refused for a malformed one. */
export async function readModules(
  objects: Objects,
  commit: string,
  signal: AbortSignal,
): Promise<Modules> {
  const file = '.gitmodules'
  const text = (await readTreeFiles(objects, commit, [file], signal)).get(file) ?? ''
  const list = ['config', '--file', '-', '--no-includes', '--list', '-z']
  const output = await git(objects, list, { input: text, maxBytes: 8 * 1024 ** 2 }, signal).catch(
    (error: unknown) => {
      if (!(error instanceof ProgramError)) throw error
      throw badManifest(file, 'cannot be read', 'See what git says: git config -f .gitmodules -l')
    },
  )
  return parseModules(output.toString())
}

/** Reads `submodule.<name>.<key>\n<value>\0`, over and over. All but path, address and `update = none` is ignored. */
export function parseModules(text: string): Modules {
  const sections = new Map<string, Map<string, string>>()
  for (const entry of text.split('\0')) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url|update)\n(.*)$/s.exec(entry) ?? []
    if (name === undefined || key === undefined || value === undefined) continue
    const section = sections.get(name) ?? new Map<string, string>()
    sections.set(name, section.set(key, value))
  }
  const modules = new Map<string, string | null>()
  for (const section of sections.values()) {
    const [path, url] = [section.get('path'), section.get('url')]
    if (section.get('update') === 'none') modules.set(path ?? '', null)
    else if (url !== undefined) modules.set(path ?? '', url)
  }
  return modules
}

/** The repository a `.gitmodules` is of. */
export interface Within {
  /** Where it was fetched from; null: it was pushed here. */
  readonly url: string | null
  readonly schemes: readonly string[]
}

const longest = 1024

/**
 * Where a submodule is fetched from. It was written by whoever pushed, or by a stranger they trusted.
 * Throws Refused, without what may be a password.
 */
export function addressOf(path: string, text: string, { url: base, schemes }: Within): string {
  const name = `the submodule ${nameText(Buffer.from(path).toString('latin1'))}`
  const isRelative = /^\.\.?\//.test(text)
  if (isRelative && base === null) throw refused(`${name} has an address relative to this one`)
  const whole = isRelative ? resolve(text, base ?? '') : text
  const address = URL.canParse(whole) ? new URL(whole) : null
  if (
    address === null ||
    !schemes.includes(address.protocol.slice(0, -1)) ||
    whole.length > longest
  )
    throw refused(`${name} has an address that is not https`)
  const { username, password, search } = address
  if (username !== '' || password !== '' || search !== '')
    throw refused(`${name} has an address with a user, a password or a query`)
  address.hash = ''
  return address.href
}

/** As git does it: the repository counts as a directory. */
function resolve(relative: string, base: string): string {
  return new URL(relative, `${base.replace(/\/+$/, '')}/`).href
}

function refused(message: string): Refused {
  return new Refused('submodule', message, publicOnly)
}

/** What to do about a submodule that cannot be had. */
export const publicOnly =
  'Only public repositories are fetched, by https://HOST/PATH (git submodule set-url). Of any other, commit the files here instead: git rm, then git subtree add.'
