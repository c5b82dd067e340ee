import { lockFiles } from '#builder/sbom/lock-files.ts'
import type { Buildpack } from './packs.ts'
import type { TreeFile } from './tree-list.ts'

/**
 * Files we read by name after a checkout: what packs and layers are found by, lock files, the Procfile.
 * They are written for each build, so that whoever reads them finds them where the build writes.
 */
export function surfaceOf(packs: readonly Buildpack[]): ReadonlySet<string> {
  const ofPacks = packs.flatMap(({ detect, layer }) => [...detect, ...(layer?.files ?? [])])
  return new Set(['Procfile', ...lockFiles.map(({ name }) => name), ...ofPacks])
}

/** Whether dependencies are committed in a place that a pack would make a layer of. */
export function hasLayerPaths(files: readonly TreeFile[], packs: readonly Buildpack[]): boolean {
  const names = new Set(files.map(({ path }) => path))
  const asked = packs.filter(({ detect }) => detect.some((name) => names.has(name)))
  const paths = asked.flatMap(({ layer }) => layer?.paths ?? [])
  return files.some(({ path }) =>
    paths.some((folder) => path === folder || path.startsWith(`${folder}/`)),
  )
}
