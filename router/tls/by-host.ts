import { createHash } from 'node:crypto'
import type { Kept } from './kept.ts'

/** Which certificate stands for which host. */
export class ByHost {
  readonly #byId = new Map<string, Kept>()
  readonly #byHost = new Map<string, Kept>()
  #digest: string | null = null

  /** The newest one of a host is the one that is found. */
  put(kept: Kept): void {
    this.#byId.set(kept.id, kept)
    for (const host of kept.hosts) this.#byHost.set(host, kept)
    this.#digest = null
  }

  remove(id: string): void {
    const kept = this.#byId.get(id)
    if (kept === undefined) return
    this.#byId.delete(id)
    for (const host of kept.hosts) if (this.#byHost.get(host)?.id === id) this.#byHost.delete(host)
    this.#digest = null
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** By the name itself, else by the wildcard one label above. `host` in any case. */
  find(host: string): Kept | undefined {
    return this.#find(host) ?? this.#find(host.toLowerCase().replace(/\.$/, ''))
  }

  all(): IterableIterator<Kept> {
    return this.#byId.values()
  }

  ids(): string[] {
    return [...this.#byId.keys()]
  }

  get size(): number {
    return this.#byId.size
  }

  /** See `getCertificatesDigest`. */
  get digest(): string {
    const text = (): string => this.ids().toSorted().join('\n')
    return (this.#digest ??= createHash('sha256').update(text()).digest('hex'))
  }

  #find(host: string): Kept | undefined {
    const exact = this.#byHost.get(host)
    if (exact !== undefined) return exact
    const dot = host.indexOf('.')
    return dot > 0 ? this.#byHost.get(`*${host.slice(dot)}`) : undefined
  }
}
