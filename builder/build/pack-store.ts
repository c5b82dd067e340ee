import { mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '#lib/durable.ts'
import { packLabel } from '#contract/buildpack.ts'
import { run } from '#builder/process.ts'
import { Refused } from '#builder/refused.ts'
import { workplace } from './checkout.ts'
import { isDirectory, isFile } from './files.ts'
import { keyOf } from './key.ts'
import { FetchFailed, fetchPack, type Fetched, type Foreign } from './pack-fetch.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import { BadArchive, unpack } from './unpack.ts'
import type { Voice } from './voice.ts'

/** A buildpack by URL as it lies in the store. */
export interface StoredPack {
  /** Directory on the host with `bin/`. */
  readonly home: string
  /** Of what it is made of: (URL, commit or digest of the archive). */
  readonly digest: string
}

/** What an address led to when it was asked last. */
interface Known {
  /** Commit, or SHA-256 of the archive. */
  readonly id: string
  readonly etag: string
}

const limits = { entries: 20_000, totalBytes: 512 * 1024 ** 2 }

/**
 * Asks what an address leads to now, and answers it from the store, fetching it if need be. When
 * nobody answers, what it led to last time is used, with a warning. Throws Refused.
 */
export async function providePack(
  request: BuildRequest,
  tools: BuildTools,
  reference: Foreign,
  number: number,
  voice: Voice,
  signal: AbortSignal,
): Promise<StoredPack> {
  const { packs, builds } = tools.places
  const note = join(packs, `${keyOf([reference.url, refOf(reference)]).slice(0, 40)}.json`)
  const known = await readKnown(note)
  const stored = known === null ? null : storedAt(packs, reference, known.id)
  const isThere = stored !== null && (await isWhole(stored))
  if (isPinned(reference) && isThere) return touched(stored)
  const file = join(workplace(builds, request.id).root, `pack-${number}`)
  try {
    const order = { file, number, known: isThere ? knownBy(reference, known) : '' }
    const fetched = await fetchPack(request, tools, reference, order, signal)
    const found = await keep(tools, reference, fetched, known, file, signal)
    await writeDurably(note, JSON.stringify(found))
    return await touched(storedAt(packs, reference, found.id))
  } catch (error) {
    if (error instanceof FetchFailed && isThere) {
      const why = `${packLabel(reference.url)} cannot be asked (${error.message})`
      voice.say('warning', `${why}: using the last copy`)
      return touched(stored)
    }
    throw refused(reference, error)
  } finally {
    await rm(file, { force: true })
  }
}

function refOf(reference: Foreign): string {
  return reference.kind === 'git' ? (reference.ref ?? '') : ''
}

/** A whole commit id cannot come to mean something else. */
function isPinned(reference: Foreign): boolean {
  return /^[0-9a-f]{40}$/.test(refOf(reference))
}

function knownBy(reference: Foreign, known: Known | null): string {
  return (reference.kind === 'git' ? known?.id : known?.etag) ?? ''
}

async function readKnown(note: string): Promise<Known | null> {
  return JSON.parse(await readFile(note, 'utf8').catch(() => 'null')) as Known | null
}

function storedAt(packs: string, { url }: Foreign, id: string): StoredPack {
  const digest = keyOf(['pack 1', url, id])
  return { digest, home: join(packs, digest.slice(0, 40)) }
}

function isWhole({ home }: StoredPack): Promise<boolean> {
  return isDirectory(home)
}

/** Collection leaves alone what was used lately. */
async function touched(stored: StoredPack): Promise<StoredPack> {
  const now = new Date()
  await utimes(stored.home, now, now)
  return stored
}

/** Puts what was fetched into the store; what the address leads to now. */
async function keep(
  { places }: BuildTools,
  reference: Foreign,
  { id, etag, isNew }: Fetched,
  known: Known | null,
  file: string,
  signal: AbortSignal,
): Promise<Known> {
  if (!isNew) {
    if (known === null) throw new FetchFailed('it is empty')
    return known
  }
  const { home } = storedAt(places.packs, reference, id)
  if (!(await isDirectory(home))) await settle(file, home, signal)
  return { id, etag }
}

/** Unpacks beside its place and renames, so that what is in the store is whole. */
async function settle(file: string, home: string, signal: AbortSignal): Promise<void> {
  const aside = `${home}.${process.pid}-${Math.random().toString(36).slice(2)}.new`
  await mkdir(aside, { mode: 0o755 })
  try {
    await unpack(file, aside, limits, signal)
    const root = await rootOf(aside)
    if (process.getuid?.() === 0) await run(['chown', '-hR', '0:0', root], {}, signal)
    await rename(root, home).catch(async (error: unknown) => {
      // Another build was faster: it is the same.
      if (!(await isDirectory(home))) throw error
    })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Archives that sites make of a repository have one directory around everything. */
async function rootOf(directory: string): Promise<string> {
  for (const root of [directory, ...(await onlyDirectory(directory))]) {
    if (await isFile(join(root, 'bin/compile'))) return root
  }
  throw new BadArchive('it has no bin/compile')
}

async function onlyDirectory(directory: string): Promise<string[]> {
  const [name, ...more] = await readdir(directory)
  return name === undefined || more.length > 0 ? [] : [join(directory, name)]
}

function refused({ url }: Foreign, error: unknown): unknown {
  const name = packLabel(url)
  if (error instanceof FetchFailed) {
    const hint = 'Look whether its address is right and public: app buildpacks'
    return new Refused(
      'buildpack',
      `the buildpack ${name} cannot be fetched: ${error.message}`,
      hint,
    )
  }
  if (!(error instanceof BadArchive)) return error
  const hint = 'Nothing of it was run. Choose another, or tell its author.'
  return new Refused('buildpack', `the buildpack ${name} cannot be used: ${error.message}`, hint)
}
