import { chmod, chown, mkdir, readdir, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { exec, ExecError } from '#lib/exec.ts'
import { EngineError } from '#driver/driver.ts'
import { appUid } from './names.ts'

/**
 * Mounts of the host that a container gets by a bind.
 *
 * They are made before the container and taken away after it. A reboot loses them while the
 * container stays, exited; whoever starts it again stops it first, which clears both.
 */

const harmless = 'nosuid,nodev'

/**
 * The writable `/app` of a copy: its layers (top first) under an upper one that lives on a tmpfs of
 * its own size. Writing beyond that size fails with ENOSPC. The tmpfs' pages are charged to the
 * memory of the container that writes them (measured), so a copy cannot use the host's.
 *
 * Answers the directory to bind. Mounted twice it is mounted once.
 */
export async function mountTree(
  base: string,
  layers: readonly string[],
  sizeBytes: number,
  signal: AbortSignal,
): Promise<string> {
  if (!(await isMountPoint(base))) await mountTmpfs(base, `size=${sizeBytes},mode=0755`, signal)
  const app = join(base, 'app')
  await mountTreeAt(app, base, layers, signal)
  return app
}

/** The same on a tmpfs that is there. */
export async function mountTreeAt(
  app: string,
  base: string,
  layers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const [upper, work] = [join(base, 'upper'), join(base, 'work')]
  await Promise.all([ownDirectory(upper), mkdir(work, { recursive: true }), ownDirectory(app)])
  if (!(await isMountPoint(app))) await mountOverlay(app, { lower: layers, upper, work }, signal)
}

export interface Overlay {
  /** Top first. */
  readonly lower: readonly string[]
  readonly upper: string
  /** On the file system of `upper`, and empty. */
  readonly work: string
}

export async function mountOverlay(
  target: string,
  { lower, upper, work }: Overlay,
  signal: AbortSignal,
): Promise<void> {
  const directories = `lowerdir=${lower.map(plain).join(':')},upperdir=${plain(upper)},workdir=${plain(work)}`
  await mkdir(target, { recursive: true })
  await mount(['-t', 'overlay', '-o', `${harmless},${directories}`, 'slipway', target], signal)
}

/** `options` as mount(8) has them, e.g. `size=1048576,mode=0700`. */
export async function mountTmpfs(
  target: string,
  options: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 })
  await mount(['-t', 'tmpfs', '-o', `${harmless},${options}`, 'slipway', target], signal)
}

/** A tmpfs for mount points: what is mounted below it later shows in containers that see it. */
export async function mountShared(
  target: string,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 })
  const options = `${harmless},size=${sizeBytes},mode=0755`
  // Private first: it must not show anywhere but where we hand it to.
  await mount(['-t', 'tmpfs', '-o', options, '--make-private', 'slipway', target], signal)
  await mount(['--make-shared', target], signal)
}

export async function mountBind(
  source: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  await mount(['--bind', source, target], signal)
}

/**
 * Unmounts a directory of ours and the ones in it, and removes them. What is gone is no error.
 * Nothing is ever deleted recursively here: after a failed unmount that would reach into a slug.
 */
export async function clearMounts(base: string, signal: AbortSignal): Promise<void> {
  const points = [...(await namesIn(base)).map((name) => join(base, name)), base]
  await unmountAtOnce(points, signal)
  for (const point of points) await unmount(point, signal)
  for (const name of await namesIn(base)) await ifThere(rmdir(join(base, name)))
  await ifThere(rmdir(base))
}

async function namesIn(folder: string): Promise<string[]> {
  return (await ifThere(readdir(folder))) ?? []
}

/** By one program; what is mounted twice, or is held by somebody, stays. */
async function unmountAtOnce(points: readonly string[], signal: AbortSignal): Promise<void> {
  const seen = await Promise.all(points.map(isMountPoint))
  const mounted = points.filter((_, index) => seen[index])
  if (mounted.length > 0) await exec('umount', mounted, signal).catch(() => undefined)
  signal.throwIfAborted()
}

/** As often as it was mounted; lazily when a container that is just going still holds it. */
async function unmount(path: string, signal: AbortSignal): Promise<void> {
  while (await isMountPoint(path)) {
    try {
      await exec('umount', [path], signal)
    } catch {
      signal.throwIfAborted()
      if (await isMountPoint(path)) await run('umount', ['--lazy', path], signal)
    }
  }
}

/**
 * Whether another file system begins there. `/proc/self/mountinfo` is no help: read while others
 * mount and unmount, it leaves lines out.
 */
async function isMountPoint(path: string): Promise<boolean> {
  const [here, above] = await Promise.all([ifThere(stat(path)), ifThere(stat(dirname(path)))])
  return here !== null && here.dev !== above?.dev
}

// mount(8) splits its options at commas and the kernel splits lower directories at colons.
function plain(path: string): string {
  if (path.startsWith('/') && !/[:,\\\s]/.test(path)) return path
  throw new TypeError(`"${path}" cannot be a layer: it must be absolute, without , : \\ or spaces.`)
}

async function ownDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, 0o755)
  await chown(path, appUid, appUid)
}

async function mount(args: readonly string[], signal: AbortSignal): Promise<void> {
  await run('mount', args, signal)
}

async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await exec(program, args, signal)
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    throw new EngineError(`The host's files cannot be mounted: ${error.message}`, false, {
      cause: error,
    })
  }
}

async function ifThere<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}
