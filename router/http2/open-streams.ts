import type { ServerHttp2Session } from 'node:http2'

/**
 * The streams of a session, for as many as we allow at once. `node:http2` has a Map for them, which
 * leaves a table behind when it grows or shrinks, and that names its members and the table after it.
 * Once one such table is old, it keeps most streams to come, and all that hangs on them, beyond
 * every young collection: these take 30 ms then in place of one.
 */
export class OpenStreams<Stream> extends Map<number, Stream> {
  readonly #ids: number[] = []
  readonly #streams: Stream[] = []

  override get size(): number {
    return this.#ids.length
  }

  override get(id: number): Stream | undefined {
    const at = this.#ids.indexOf(id)
    return at < 0 ? undefined : this.#streams[at]
  }

  override has(id: number): boolean {
    return this.#ids.includes(id)
  }

  override set(id: number, stream: Stream): this {
    const at = this.#ids.indexOf(id)
    this.#ids[at < 0 ? this.#ids.length : at] = id
    this.#streams[at < 0 ? this.#streams.length : at] = stream
    return this
  }

  override delete(id: number): boolean {
    const at = this.#ids.indexOf(id)
    if (at < 0) return false
    const lastId = this.#ids.pop() as number
    const last = this.#streams.pop() as Stream
    if (lastId === id) return true
    this.#ids[at] = lastId
    this.#streams[at] = last
    return true
  }

  override forEach(each: (stream: Stream, id: number, all: Map<number, Stream>) => void): void {
    for (const id of this.#ids.slice()) {
      const stream = this.get(id)
      if (stream !== undefined) each(stream, id, this)
    }
  }
}

interface State {
  streams?: Partial<Map<number, unknown>>
}

/** Puts our own in the place of a new session's Map; false: this Node keeps them elsewhere. */
export function replaceStreams(session: ServerHttp2Session): boolean {
  const inside = session as unknown as Record<symbol, State | undefined>
  const key = Object.getOwnPropertySymbols(session).find((one) => one.description === 'state')
  const state = key === undefined ? undefined : inside[key]
  if (typeof state?.streams?.set !== 'function' || state.streams.size !== 0) return false
  state.streams = new OpenStreams()
  return true
}
