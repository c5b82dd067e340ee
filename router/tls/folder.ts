import { readFileSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServedCertificate } from '#contract/certificate.ts'
import { writeDurably } from '#lib/durable.ts'
import { IndexFile } from './index-file.ts'
import { keptOf } from './kept.ts'
import type { Kept } from './kept.ts'

const endings = { key: '.key', chain: '.crt' } as const
const strayMs = 3_600_000

/**
 * The certificates on the disk, so that a restarted router serves before it has spoken to anyone:
 * a file each for chain and key, readable by us alone, and a list of what there is.
 */
export class CertificateFolder {
  readonly #folder: string
  readonly #index: IndexFile

  constructor(folder: string) {
    this.#folder = folder
    this.#index = new IndexFile(join(folder, 'index.jsonl'))
  }

  /** What there is, oldest first. Who keeps it clears away what a crash has left behind. */
  async open(isKeeper: boolean): Promise<Kept[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const files = new Set(await readdir(this.#folder))
    const listed = await this.#index.read(isKeeper)
    const kept = listed.filter(({ id }) => files.has(`${id}.key`) && files.has(`${id}.crt`))
    if (isKeeper) await this.#sweep(files, new Set(kept.map(({ id }) => id)))
    return kept
  }

  /** They are on the disk when this returns. */
  async put(certificates: readonly ServedCertificate[]): Promise<void> {
    for (const { id, chain, key } of certificates) {
      await writeDurably(this.#path(id, 'key'), key)
      await writeDurably(this.#path(id, 'chain'), chain)
    }
    await this.#index.append(certificates.map((one) => ({ put: keptOf(one) })))
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#index.append(ids.map((gone) => ({ gone })))
    for (const id of ids) {
      await rm(this.#path(id, 'key'), { force: true })
      await rm(this.#path(id, 'chain'), { force: true })
    }
  }

  /** Chain and key in PEM, at once: a handshake waits for them. Throws when they are not there. */
  read(id: string): { readonly cert: Buffer; readonly key: Buffer } {
    return {
      cert: readFileSync(this.#path(id, 'chain')),
      key: readFileSync(this.#path(id, 'key')),
    }
  }

  close(): Promise<void> {
    return this.#index.close()
  }

  #path(id: string, part: keyof typeof endings): string {
    return join(this.#folder, id + endings[part])
  }

  /** Young files may be those of a router that is about to leave. */
  async #sweep(files: Iterable<string>, known: ReadonlySet<string>): Promise<void> {
    for (const name of files) {
      const [, id = ''] = /^([0-9a-f]+)\.(?:key|crt)(?:\.new)?$/.exec(name) ?? []
      if (id === '' || (known.has(id) && !name.endsWith('.new'))) continue
      const path = join(this.#folder, name)
      const ageMs = Date.now() - (await stat(path)).mtimeMs
      if (ageMs > strayMs) await rm(path, { force: true })
    }
  }
}
