import { statfs } from 'node:fs/promises'
import { run } from '#builder/process.ts'

const atOnce = 100

/** Bytes on disk of each path and all below it; 0 for one that is gone. */
export async function diskBytes(paths: readonly string[], signal: AbortSignal): Promise<number[]> {
  const sizes = new Map<string, number>()
  for (let at = 0; at < paths.length; at += atOnce) {
    const some = paths.slice(at, at + atOnce)
    for (const [path, size] of await measure(some, signal)) sizes.set(path, size)
  }
  return paths.map((path) => sizes.get(path) ?? 0)
}

async function measure(
  paths: readonly string[],
  signal: AbortSignal,
): Promise<(readonly [string, number])[]> {
  // What goes away meanwhile is no reason to count nothing: du says so, and counts the others.
  const script = ['sh', '-c', 'du -sB1 -- "$@" 2>/dev/null || :', 'du', ...paths]
  const output = await run(script, {}, signal)
  const lines = output
    .toString()
    .split('\n')
    .filter((line) => line.includes('\t'))
  return lines.map((line) => {
    const tab = line.indexOf('\t')
    return [line.slice(tab + 1), Number(line.slice(0, tab))] as const
  })
}

/** Bytes the file system of a path has free for us. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
