import { base64Forms, plainForms } from './disguise.ts'
import { Patterns, type Search, type Span } from './patterns.ts'

/** What stands in place of a secret. */
const mask = Buffer.from('[hidden]')
/** Shorter values are in too many words to be hidden. */
const shortest = 6
/** Values that tell nothing and that build tools print all the time. */
const ordinary = /^(true|false|production|development|staging|default|latest|disabled|enabled)$/

/**
 * The values that must not be shown: each config value, each line of one that has several, since build
 * tools indent, and the password of one that is a URL. `open` are values that are no secret, such as
 * the app's address.
 */
export function secretsOf(
  config: Readonly<Record<string, string>>,
  open: readonly string[] = [],
): string[] {
  const values = Object.values(config).flatMap((value) => [
    value,
    ...value.split(/\r?\n/).map((line) => line.trim()),
    ...passwordsIn(value),
  ])
  const kept = values.filter((value) => Buffer.byteLength(value) >= shortest)
  return [...new Set(kept)].filter((value) => !ordinary.test(value) && !open.includes(value))
}

/** The passwords in settings whose values are public otherwise, such as the address of a proxy. */
export function passwordsOf(settings: Readonly<Record<string, string>>): string[] {
  return Object.values(settings).flatMap(passwordsIn)
}

/** `user:password` and the password of a URL, as they stand there and decoded. */
function passwordsIn(value: string): string[] {
  const login = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\s]*)@/i.exec(value)?.[1]
  const password = login?.slice(login.indexOf(':') + 1)
  if (login === undefined || password === undefined || !login.includes(':')) return []
  return [login, password, decoded(password)].filter((text) => Buffer.byteLength(text) >= shortest)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Hides known values in bytes that come in pieces, also where they are encoded for a URL, in JSON, in
 * hexadecimal or in base64 (that one even when it is broken into lines).
 *
 * An end that may be the beginning of a secret is held back until more comes or `end` is called, so
 * a secret cut in two by a chunk border is hidden too. Secrets that overlap are hidden as one.
 */
export class Redactor {
  readonly #plain: Patterns
  readonly #base64: Patterns
  #held: Buffer = Buffer.alloc(0)

  constructor(secrets: readonly string[]) {
    this.#plain = new Patterns(secrets.flatMap(plainForms))
    this.#base64 = new Patterns(secrets.flatMap(base64Forms))
  }

  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    return this.#release(bytes, this.#search(bytes))
  }

  /**
   * What was held back for the sake of base64 alone: many a line ends with what may begin some, and
   * what broke it into lines would have gone on at once.
   */
  pause(): Buffer {
    if (this.#held.length === 0) return this.#held
    const { open } = this.#plain.search(this.#held)
    return this.#release(this.#held, { spans: this.#search(this.#held).spans, open })
  }

  #release(bytes: Buffer, { spans, open }: Search): Buffer {
    const cut = spans.find(({ start, end }) => start < open && open < end)
    const sure = cut?.start ?? open
    this.#held = bytes.subarray(sure)
    return maskSpans(bytes.subarray(0, sure), spans)
  }

  /** What was held back. */
  end(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return maskSpans(held, this.#search(held).spans)
  }

  #search(bytes: Buffer): Search {
    const plain = this.#plain.search(bytes)
    const base64 = searchUnbroken(this.#base64, bytes)
    const spans = merged([...plain.spans, ...base64.spans])
    return { spans, open: Math.min(plain.open, base64.open) }
  }
}

/** Searches as if there were no space: lines are broken, and buildpacks indent them. */
function searchUnbroken(patterns: Patterns, bytes: Buffer): Search {
  const { text, places } = unbroken(bytes)
  const { spans, open } = patterns.search(text)
  return {
    // Up to and with the last byte of it, not the space behind that.
    spans: spans.map(({ start, end }) => ({
      start: places[start] ?? 0,
      end: (places[end - 1] ?? 0) + 1,
    })),
    open: open < text.length ? (places[open] ?? bytes.length) : bytes.length,
  }
}

/** Bytes without spaces and line ends, and where each of them was. */
function unbroken(bytes: Buffer): { text: Buffer; places: Uint32Array } {
  const text = Buffer.alloc(bytes.length)
  const places = new Uint32Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === 32 || (byte >= 9 && byte <= 13)) continue
    text[length] = byte
    places[length] = at
    length += 1
  }
  return { text: text.subarray(0, length), places }
}

/** In order; those that overlap are one. */
function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1)
    if (last === undefined || span.start >= last.end) result.push(span)
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, span.end) }
  }
  return result
}

function maskSpans(bytes: Buffer, spans: readonly Span[]): Buffer {
  const parts: Buffer[] = []
  let shown = 0
  for (const { start, end } of spans) {
    if (start >= bytes.length) break
    parts.push(bytes.subarray(shown, start), mask)
    shown = end
  }
  return Buffer.concat([...parts, bytes.subarray(shown)])
}
