import { openSync, closeSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { SandboxEnd, SandboxSpec } from '#driver/driver.ts'
import type { PackReference } from '#contract/buildpack.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'
import { limitsOf } from './limits.ts'
import { buildImageOf, ownerOf, type BuildRequest, type BuildTools } from './request.ts'

export type Foreign = Exclude<PackReference, { kind: 'ours' }>

/** What was fetched. */
export interface Fetched {
  /** Commit, or SHA-256 of the archive; empty when it is the known one. */
  readonly id: string
  readonly etag: string
  /** Whether `file` holds the archive; not when it is the known one. */
  readonly isNew: boolean
}

/** Where a fetch is tried, and what is known from the last one. */
export interface FetchOrder {
  /** The archive is written to this file. */
  readonly file: string
  /** Commit (git) or ETag (archive) of what we have; empty: nothing. */
  readonly known: string
  /** Tells the sandboxes of one build apart. */
  readonly number: number
}

/** Something by URL could not be had; `message` says why, as the second half of a sentence. */
export class FetchFailed extends Error {
  override readonly name = 'FetchFailed'
}

/** Of a buildpack or submodule as it travels; a few are tens of megabytes. */
const archiveLimitBytes = 128 * 1024 ** 2
const timeoutMs = 180_000
const programs = join(import.meta.dirname, '../fetch')
/** Where the operator's folder of buildpacks lies in the sandbox. */
const folderTarget = '/folder'

/** Fetches a buildpack and writes it to a file. */
export async function fetchPack(
  request: BuildRequest,
  tools: BuildTools,
  reference: Foreign,
  { file, known, number }: FetchOrder,
  signal: AbortSignal,
): Promise<Fetched> {
  const { url, schemes, mounts } = addressOf(reference, tools.config.foreign)
  const ref = reference.kind === 'git' ? (reference.ref ?? '') : ''
  const name = `slw-pack-${request.id}-${number}`
  const words = [reference.kind, url, ref, known]
  return runFetch(request, tools, { name, words, schemes, mounts, file }, signal)
}

/** What `fetch/pack` is asked. */
export interface FetchRun {
  /** Of the sandbox. */
  readonly name: string
  readonly words: readonly string[]
  readonly schemes: readonly string[]
  readonly mounts: SandboxSpec['mounts']
  /** What is fetched is written to it. */
  readonly file: string
}

/**
 * Fetches something in a sandbox that holds nothing of any app, and writes it to a file. It speaks
 * with strangers, so nothing it says is trusted: what it prints is counted here, and unpacked by us.
 * Throws FetchFailed.
 */
export async function runFetch(
  request: BuildRequest,
  tools: BuildTools,
  fetch: FetchRun,
  signal: AbortSignal,
): Promise<Fetched> {
  const output = new FetchOutput(fetch.file)
  try {
    const cut = AbortSignal.any([signal, output.tooMuch])
    const spec = specOf(request, tools, fetch)
    const end = await tools.workshop.run(spec, (chunk) => output.push(chunk), cut)
    return output.end(end)
  } catch (error) {
    if (signal.aborted || !output.tooMuch.aborted) throw error
    throw output.tooMuch.reason
  } finally {
    output.close()
  }
}

function specOf(
  request: BuildRequest,
  { config }: BuildTools,
  { name, words, schemes, mounts }: FetchRun,
) {
  return {
    name,
    owner: ownerOf(request),
    image: buildImageOf(request),
    argv: ['/fetch/pack', ...words],
    env: {
      ...config.env,
      PACK_SCHEMES: schemes.join(','),
      PACK_LIMIT_BYTES: String(archiveLimitBytes),
    },
    mounts: [{ source: programs, target: '/fetch', writable: false }, ...mounts],
    overlay: null,
    secrets: {},
    limits: { ...limitsOf(config), pids: 128, diskBytes: 3 * archiveLimitBytes },
    timeoutMs,
  }
}

/** Throws Refused when the operator does not allow this kind of address. */
function addressOf(
  { url }: Foreign,
  { schemes, folder }: BuildTools['config']['foreign'],
): { url: string; schemes: readonly string[]; mounts: SandboxSpec['mounts'] } {
  const { protocol, pathname } = new URL(url)
  const scheme = protocol.slice(0, -1)
  if (scheme === 'file' && folder !== null) {
    const mounts = [{ source: folder, target: folderTarget, writable: false }]
    return { url: `file://${folderTarget}${pathname}`, schemes: ['file'], mounts }
  }
  if (schemes.includes(scheme)) return { url, schemes, mounts: [] }
  const hint = `Use an address that begins with https://, or ask the operator about ${settingOf(scheme)}.`
  throw new Refused('buildpack', `buildpacks are not fetched by ${scheme}: ${url}`, hint)
}

function settingOf(scheme: string): string {
  return scheme === 'file' ? 'SLIPWAY_BUILDPACK_FOLDER' : 'SLIPWAY_BUILDPACK_SCHEMES'
}

const headLimitBytes = 4096

/** Takes the head from what the sandbox prints and writes the rest to a file, up to the limit. */
class FetchOutput {
  readonly #file: number
  readonly #full = new AbortController()
  #head = Buffer.alloc(0)
  #isBody = false
  #bytes = 0

  constructor(file: string) {
    this.#file = openSync(file, 'w', 0o600)
  }

  /** Aborts when more is printed than may be fetched. */
  get tooMuch(): AbortSignal {
    return this.#full.signal
  }

  push(chunk: Buffer): void {
    if (this.#isBody) return this.#write(chunk)
    this.#head = Buffer.concat([this.#head, chunk])
    const end = this.#head.indexOf('\n\n')
    if (end < 0) {
      if (this.#head.length > headLimitBytes) this.#head = this.#head.subarray(-headLimitBytes)
      return
    }
    const body = this.#head.subarray(end + 2)
    this.#head = this.#head.subarray(0, end)
    this.#isBody = true
    this.#write(body)
  }

  end(end: SandboxEnd): Fetched {
    if (end.kind === 'timeout')
      throw new FetchFailed(`that took longer than ${timeoutMs / 60_000} min`)
    if (end.kind === 'out-of-memory')
      throw new FetchFailed('that took more memory than a build may have')
    const text = this.#head.toString()
    if (end.code !== 0 || !this.#isBody) throw new FetchFailed(lastWords(text))
    const id = /^id=([0-9a-f]{0,64})$/m.exec(text)?.[1] ?? ''
    const etag = /^etag=([!-~ ]{0,200})$/m.exec(text)?.[1] ?? ''
    return { id, etag, isNew: this.#bytes > 0 }
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(bytes: Buffer): void {
    this.#bytes += bytes.length
    if (this.#bytes > archiveLimitBytes) {
      this.#full.abort(new FetchFailed(`it is larger than ${sizeText(archiveLimitBytes)}`))
    } else if (bytes.length > 0) {
      writeSync(this.#file, bytes)
    }
  }
}

/** What the program complained of, on one line and without what moves a terminal. */
function lastWords(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are what it is about
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  const words = plain.replace(/^(fatal|error|curl): (\(\d+\) )?/, '').slice(0, 300)
  return words === '' ? 'it does not answer' : words
}
