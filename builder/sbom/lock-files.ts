import type { Ecosystem, Locked } from './component.ts'

/** Reads one kind of lock file. Throws, or finds nothing, in one that is broken. */
export interface LockFile {
  readonly name: string
  readonly ecosystem: Ecosystem
  readonly read: (text: string) => Locked[]
}

/**
 * The lock files we read, those a build prefers first: of one ecosystem the first that is there counts.
 */
export const lockFiles: readonly LockFile[] = [
  { name: 'pnpm-lock.yaml', ecosystem: 'npm', read: readPnpm },
  { name: 'yarn.lock', ecosystem: 'npm', read: readYarn },
  { name: 'npm-shrinkwrap.json', ecosystem: 'npm', read: readNpm },
  { name: 'package-lock.json', ecosystem: 'npm', read: readNpm },
  { name: 'bun.lock', ecosystem: 'npm', read: readBun },
  { name: 'deno.lock', ecosystem: 'npm', read: (text) => readDeno(text, 'npm') },
  { name: 'deno.lock', ecosystem: 'jsr', read: (text) => readDeno(text, 'jsr') },
  { name: 'uv.lock', ecosystem: 'pypi', read: readToml },
  { name: 'poetry.lock', ecosystem: 'pypi', read: readToml },
  { name: 'Pipfile.lock', ecosystem: 'pypi', read: readPipfile },
  { name: 'requirements.txt', ecosystem: 'pypi', read: readRequirements },
  { name: 'go.mod', ecosystem: 'golang', read: readGoMod },
  { name: 'Cargo.lock', ecosystem: 'cargo', read: readToml },
  { name: 'Gemfile.lock', ecosystem: 'gem', read: readGemfile },
  { name: 'composer.lock', ecosystem: 'composer', read: readComposer },
  { name: 'mix.lock', ecosystem: 'hex', read: readMix },
  { name: 'gradle.lockfile', ecosystem: 'maven', read: readGradle },
  { name: 'pom.xml', ecosystem: 'maven', read: readPom },
]

type Json = Readonly<Record<string, unknown>>

function objectIn(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function locked(name: string | undefined, version: unknown, integrity?: unknown): Locked[] {
  const known = textIn(version)
  if (name === undefined || name === '' || known === undefined) return []
  const hash = textIn(integrity)
  return [{ name, version: known, ...(hash === undefined ? {} : { integrity: hash }) }]
}

/** Pairs of every match of a pattern with two groups. */
function pairs(text: string, pattern: RegExp): Locked[] {
  return [...text.matchAll(pattern)].flatMap(([, name, version]) => locked(name, version))
}

/** Versions 2 and 3 have `packages`, by folder; version 1 has `dependencies`, nested. */
function readNpm(text: string): Locked[] {
  const { packages, dependencies } = objectIn(JSON.parse(text))
  if (packages === undefined) return readNested(objectIn(dependencies), 0)
  return Object.entries(objectIn(packages)).flatMap(([folder, value]) => {
    const { name, version, integrity, link } = objectIn(value)
    const at = folder.lastIndexOf('node_modules/')
    if (at < 0 || link === true) return []
    return locked(textIn(name) ?? folder.slice(at + 'node_modules/'.length), version, integrity)
  })
}

const depthLimit = 50

function readNested(dependencies: Json, depth: number): Locked[] {
  if (depth > depthLimit) return []
  return Object.entries(dependencies).flatMap(([name, value]) => {
    const { version, integrity, dependencies: below } = objectIn(value)
    return [...locked(name, version, integrity), ...readNested(objectIn(below), depth + 1)]
  })
}

/** Keys below `packages:`: `'@scope/name@1.2.3(peer@1)':`, of older versions `/name/1.2.3:`. */
function readPnpm(text: string): Locked[] {
  const below = /^packages:\n((?:(?: .*)?\n)*)/m.exec(`${text}\n`)?.[1] ?? ''
  const entry =
    /^ {2}['"]?\/?((?:@[^/'"\s]+\/)?[^@/'"\s]+)[@/]([^('":\s]+)[^\n]*:(?:[^\n]*\n {4}resolution: \{integrity: ([^,}]+))?/gm
  return [...below.matchAll(entry)].flatMap(([, name, version, integrity]) =>
    locked(name, version, integrity),
  )
}

/** Version 1 names a range and a `version`; later ones have a `resolution`. */
function readYarn(text: string): Locked[] {
  if (/^__metadata:/m.test(text)) {
    return pairs(text, /^ {2}resolution: "((?:@[^/"]+\/)?[^@"]+)@npm:([^"]+)"/gm)
  }
  const entry =
    /^"?((?:@[^/\s"]+\/)?[^@\s"]+)@[^\n]*:\n {2}version "([^"]+)"(?:\n {2}resolved [^\n]*)?(?:\n {2}integrity (\S+))?/gm
  return [...text.matchAll(entry)].flatMap(([, name, version, integrity]) =>
    locked(name, version, integrity),
  )
}

/** `"name": ["name@1.2.3", "", {…}, "sha512-…"]` */
function readBun(text: string): Locked[] {
  const entry = /: \["((?:@[^/"]+\/)?[^@"]+)@([^"]+)"(?:[^\n]*"(sha512-[^"]+)"\])?/g
  return [...text.matchAll(entry)]
    .filter(([, , version]) => version !== undefined && !version.startsWith('workspace:'))
    .flatMap(([, name, version, integrity]) => locked(name, version, integrity))
}

function readDeno(text: string, kind: 'npm' | 'jsr'): Locked[] {
  const lock = objectIn(JSON.parse(text))
  const entries = objectIn(lock[kind] ?? objectIn(lock['packages'])[kind])
  return Object.entries(entries).flatMap(([key, value]) => {
    const [, name, version] = /^((?:@[^/]+\/)?[^@]+)@([^_]+)/.exec(key) ?? []
    return locked(name, version, kind === 'npm' ? objectIn(value)['integrity'] : undefined)
  })
}

/** Tables `[[package]]` with `name` and `version`, one line each, as uv, Poetry and Cargo write them. */
function readToml(text: string): Locked[] {
  return text
    .split(/^\[\[package\]\]$/m)
    .slice(1)
    .filter((table) => !/^source = \{ (?:virtual|editable|workspace) = /m.test(table))
    .flatMap((table) => {
      const [, name] = /^name = "([^"]+)"/m.exec(table) ?? []
      const [, version] = /^version = "([^"]+)"/m.exec(table) ?? []
      return locked(name, version)
    })
}

function readPipfile(text: string): Locked[] {
  const packages = objectIn(objectIn(JSON.parse(text))['default'])
  return Object.entries(packages).flatMap(([name, value]) =>
    locked(name, textIn(objectIn(value)['version'])?.replace(/^==/, '')),
  )
}

/** Only what is pinned is known. */
function readRequirements(text: string): Locked[] {
  return pairs(text, /^\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;#\\*]+)/gm)
}

/** Since Go 1.17 it names what is needed indirectly as well. */
function readGoMod(text: string): Locked[] {
  const required = [...text.matchAll(/^require \(\n([^)]*)\)|^require (\S+ \S+)/gm)]
  const lines = required.map(([, block, line]) => block ?? line ?? '').join('\n')
  return pairs(lines, /^\s*([^\s/]+\.[^\s]+)\s+(v\S+)/gm)
}

/** `    rack (3.1.8)`, four blanks deep; what lies deeper is what it needs. */
function readGemfile(text: string): Locked[] {
  return pairs(text, /^ {4}([A-Za-z0-9][\w.-]*) \(([^)]+)\)$/gm)
}

function readComposer(text: string): Locked[] {
  const { packages } = objectIn(JSON.parse(text))
  const list = Array.isArray(packages) ? packages.map(objectIn) : []
  return list.flatMap(({ name, version }) => locked(textIn(name), version))
}

function readMix(text: string): Locked[] {
  return pairs(text, /^ {2}"[^"]+": \{:hex, :(\w+), "([^"]+)"/gm)
}

function readGradle(text: string): Locked[] {
  return pairs(text, /^([\w.-]+:[\w.-]+):([^=\s]+)=/gm)
}

/** No lock file: what it names with a version of its own. */
function readPom(text: string): Locked[] {
  const dependencies = text.match(/<dependency>.*?<\/dependency>/gs) ?? []
  return dependencies.flatMap((one) => {
    const of = (tag: string): string | undefined =>
      new RegExp(`<${tag}>\\s*([^<$]+?)\\s*</${tag}>`).exec(one)?.[1]
    const [group, artifact] = [of('groupId'), of('artifactId')]
    return group === undefined || artifact === undefined
      ? []
      : locked(`${group}:${artifact}`, of('version'))
  })
}
