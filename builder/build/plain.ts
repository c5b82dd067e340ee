const escape = 0x1b
const bell = 0x07
const backslash = 0x5c
const newline = 0x0a
const tab = 0x09
const carriageReturn = 0x0d
const c1Lead = 0xc2

/** Longer ones are none: a sequence without an end must not swallow what comes after. */
const sequenceLimit = 256

type State = 'text' | 'escape' | 'control' | 'string' | 'string-escape' | 'c1' | 'return'

/**
 * Takes what moves a terminal out of bytes that come in pieces: escape sequences, colours, titles,
 * control characters of both kinds. Text, tabs and line ends stay; a lone carriage return becomes a
 * line end, so that nothing is written over. A secret that was cut in two by a sequence is whole
 * again afterwards.
 */
export class PlainText {
  #state: State = 'text'
  #length = 0

  push(chunk: Buffer): Buffer {
    const kept = Buffer.allocUnsafe(2 * chunk.length + 1)
    let length = 0
    const keep = (byte: number): void => {
      kept[length] = byte
      length += 1
    }
    for (const byte of chunk) this.#take(byte, keep)
    return kept.subarray(0, length)
  }

  #take(byte: number, keep: (byte: number) => void): void {
    switch (this.#state) {
      case 'text':
        return this.#text(byte, keep)
      case 'return':
        // `\r\n` is one line end, `\r` alone is one too.
        keep(newline)
        this.#state = 'text'
        return byte === newline ? undefined : this.#text(byte, keep)
      case 'c1':
        this.#state = 'text'
        if (byte >= 0x80 && byte <= 0x9f) return undefined
        keep(c1Lead)
        return this.#text(byte, keep)
      case 'escape':
      case 'control':
      case 'string':
      case 'string-escape':
        return this.#sequence(byte, keep)
    }
  }

  #text(byte: number, keep: (byte: number) => void): void {
    if (byte === escape) this.#enter('escape')
    else if (byte === carriageReturn) this.#state = 'return'
    else if (byte === c1Lead) this.#state = 'c1'
    else if (byte >= 0x20 ? byte !== 0x7f : byte === newline || byte === tab) keep(byte)
  }

  #enter(state: State): void {
    this.#state = state
    this.#length = 0
  }

  /** ECMA-48: `ESC [ … final`, `ESC ] … BEL` and its like, or `ESC` and one more. */
  #sequence(byte: number, keep: (byte: number) => void): void {
    this.#length += 1
    // A line end ends everything: no sequence of use has one in it.
    if (byte === newline || this.#length > sequenceLimit) {
      this.#state = 'text'
      return this.#text(byte, keep)
    }
    if (this.#state === 'escape') this.#state = afterEscape(byte)
    else if (this.#state === 'control')
      this.#state = byte >= 0x40 && byte <= 0x7e ? 'text' : 'control'
    else if (byte === bell) this.#state = 'text'
    else if (this.#state === 'string-escape' && byte === backslash) this.#state = 'text'
    else this.#state = byte === escape ? 'string-escape' : 'string'
  }
}

function afterEscape(byte: number): State {
  const char = String.fromCharCode(byte)
  if (char === '[') return 'control'
  if (']PX^_'.includes(char)) return 'string'
  // `ESC ( B` and its like have bytes between.
  return byte >= 0x20 && byte <= 0x2f ? 'escape' : 'text'
}
