import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the builder keeps what; all below `builder/` of the state folder, on one file system. */
export interface Places {
  /** Bare repositories, `<app-id>.git`. */
  readonly repos: string
  /** Work in progress, `<build-id>/`; whatever lies here at start was left by a crash. */
  readonly builds: string
  /** What was built, `<digest>/app`. */
  readonly slugs: string
  /** Dependencies shared by slugs of one app, `<app-id>/<key>/`. */
  readonly layers: string
  /** What buildpacks keep between builds of one app, `<app-id>/`. */
  readonly cache: string
  /** Node, Go and so on, `<name>/<version>/`. */
  readonly runtimes: string
  /** Buildpacks by URL, `<key>/`, and what their addresses led to last, `<key>.json`. */
  readonly packs: string
  /** Submodules as folders of git objects, `<app-id>/<commit>/`. */
  readonly submodules: string
  /** Slugs as files, `<digest>.tar.gz`. */
  readonly archives: string
  /** What an artifact key was built to, `<key>.json`. */
  readonly artifacts: string
}

const names = [
  'repos',
  'builds',
  'slugs',
  'layers',
  'cache',
  'runtimes',
  'packs',
  'submodules',
  'archives',
  'artifacts',
] as const

/** Makes the folders that are missing. */
export async function openPlaces(state: string): Promise<Places> {
  const base = join(state, 'builder')
  const pairs = names.map((name) => [name, join(base, name)] as const)
  for (const [, path] of pairs) await mkdir(path, { recursive: true, mode: 0o755 })
  return Object.fromEntries(pairs) as unknown as Places
}
