import { link, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '#builder/process.ts'

/**
 * Hides paths (latin1, relative) of what will lie below a directory, by the sign overlays have for it: a
 * device 0,0. One is made beside the directory, the others are names of it.
 */
export async function hide(
  directory: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0) return
  const made = `${directory}.gone`
  await rm(made, { force: true })
  await run(['mknod', made, 'c', '0', '0'], {}, signal)
  const root = Buffer.from(directory).toString('latin1')
  for (const path of paths) {
    const at = join(root, path)
    await mkdir(Buffer.from(dirname(at), 'latin1'), { recursive: true, mode: 0o755 })
    await link(made, Buffer.from(at, 'latin1'))
  }
}
