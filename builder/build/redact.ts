/** What stands in place of a secret. */
const mask = Buffer.from('[hidden]')
/** Shorter values are in too many words to be hidden. */
const shortest = 6
/** Values that tell nothing and that build tools print all the time. */
const ordinary = /^(true|false|production|development|staging|default|latest|disabled|enabled)$/

/**
 * The values that must not be shown: each config value, and each line of one that has several, since
 * build tools indent. `open` are values that are no secret, such as the app's address.
 */
export function secretsOf(
  config: Readonly<Record<string, string>>,
  open: readonly string[] = [],
): string[] {
  const values = Object.values(config).flatMap((value) => [
    value,
    ...value.split(/\r?\n/).map((line) => line.trim()),
  ])
  const kept = values.filter((value) => Buffer.byteLength(value) >= shortest)
  return [...new Set(kept)].filter((value) => !ordinary.test(value) && !open.includes(value))
}

/**
 * Hides known values in bytes that come in pieces.
 *
 * An end that may be the beginning of a secret is held back until more comes or `end` is called, so
 * a secret cut in two by a chunk border is hidden too. Secrets that overlap are hidden as one.
 */
export class Redactor {
  readonly #secrets: readonly Buffer[]
  #held: Buffer = Buffer.alloc(0)

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => Buffer.from(secret))
  }

  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const spans = spansOf(bytes, this.#secrets)
    const sure = sureLength(bytes, this.#secrets, spans)
    this.#held = bytes.subarray(sure)
    return maskSpans(bytes.subarray(0, sure), spans)
  }

  /** What was held back. */
  end(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return maskSpans(held, spansOf(held, this.#secrets))
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Where secrets stand, in order; those that touch are one. */
function spansOf(bytes: Buffer, secrets: readonly Buffer[]): Span[] {
  const found = secrets.flatMap((secret) => occurrences(bytes, secret))
  const merged: Span[] = []
  for (const span of found.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last === undefined || span.start >= last.end) merged.push(span)
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) }
  }
  return merged
}

function occurrences(bytes: Buffer, secret: Buffer): Span[] {
  const spans: Span[] = []
  for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + 1)) {
    spans.push({ start: at, end: at + secret.length })
  }
  return spans
}

/** How many bytes are sure: none of them belongs to a secret that may go on in the next chunk. */
function sureLength(bytes: Buffer, secrets: readonly Buffer[], spans: readonly Span[]): number {
  const open = secrets.map((secret) => openStart(bytes, secret))
  const sure = Math.min(bytes.length, ...open)
  const cut = spans.find(({ start, end }) => start < sure && sure < end)
  return cut?.start ?? sure
}

/** Where a secret begins that is not yet all there; the length of `bytes` when none does. */
function openStart(bytes: Buffer, secret: Buffer): number {
  const [first = 0] = secret
  let at = bytes.indexOf(first, Math.max(0, bytes.length - secret.length + 1))
  while (at >= 0) {
    if (secret.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at
    at = bytes.indexOf(first, at + 1)
  }
  return bytes.length
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
