import { Redactor } from '#builder/build/redact.ts'
import { PlainText } from '#builder/build/plain.ts'
import { sizeText } from '#builder/units.ts'

/** What a push prints: to the pusher, and a copy that is kept. */
export interface TranscriptOptions {
  readonly show: (bytes: Buffer) => void
  readonly keep: (bytes: Buffer) => void
  /** After so much silence a line says that we are still there. */
  readonly heartbeatMs: number
  /** Of build output that is shown and kept; what comes after is left out. */
  readonly outputBytes: number
  /** Values that are hidden whatever else is. */
  readonly secrets: readonly string[]
}

/** After so much silence what comes next is no part of the same lines. */
const pauseMs = 250

/**
 * The transcript of one push, plain ASCII as far as it is ours. Git colours lines that begin with
 * `error:`, `hint:`, `success:`. Every byte goes through the redactor.
 */
export class Transcript {
  readonly #options: TranscriptOptions
  readonly #beganAt = performance.now()
  #redactor: Redactor
  readonly #plain = new PlainText()
  #heart: NodeJS.Timeout | undefined
  #pause: NodeJS.Timeout | undefined
  #atLineStart = true
  #outputBytes = 0

  constructor(options: TranscriptOptions) {
    this.#options = options
    this.#redactor = new Redactor(options.secrets)
    this.#rewind()
  }

  /** Hides these values from now on. */
  hide(secrets: readonly string[]): void {
    this.#write(this.#redactor.end())
    this.#redactor = new Redactor([...this.#options.secrets, ...secrets])
  }

  /** Heads a stage. */
  step(text: string): void {
    this.#line(`-----> ${text}`)
  }

  text(text: string): void {
    this.#line(`       ${text}`)
  }

  /** A line as it is, such as `error: …`. */
  say(kind: 'error' | 'hint' | 'warning' | 'success', text: string): void {
    this.#line(`${kind}: ${text}`)
  }

  /** What a build printed, without what moves a terminal: before secrets are looked for in it. */
  output(printed: Buffer): void {
    const room = this.#options.outputBytes - this.#outputBytes
    if (room < 0) return
    const chunk = this.#plain.push(printed)
    this.#outputBytes += chunk.length
    this.#write(this.#redactor.push(chunk.subarray(0, room)))
    clearTimeout(this.#pause)
    this.#pause = setTimeout(() => this.#write(this.#redactor.pause()), pauseMs)
    if (chunk.length <= room) return
    const limit = sizeText(this.#options.outputBytes)
    this.text(`(more than ${limit} of output; the rest is left out, the build goes on)`)
  }

  elapsedMs(): number {
    return performance.now() - this.#beganAt
  }

  /** Nothing follows: what was held back is shown, and there is no heartbeat any more. */
  close(): void {
    this.#write(this.#redactor.end())
    clearTimeout(this.#heart)
    clearTimeout(this.#pause)
  }

  #line(text: string): void {
    this.#write(this.#redactor.end())
    const start = this.#atLineStart ? '' : '\n'
    // What we say repeats names and commands that others wrote.
    const hidden = this.#whole(new PlainText().push(Buffer.from(text)))
    this.#write(Buffer.concat([Buffer.from(start), hidden, Buffer.from('\n')]))
  }

  #whole(bytes: Buffer): Buffer {
    return Buffer.concat([this.#redactor.push(bytes), this.#redactor.end()])
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#atLineStart = bytes.at(-1) === 10
    this.#options.show(bytes)
    this.#options.keep(bytes)
    this.#rewind()
  }

  #rewind(): void {
    clearTimeout(this.#heart)
    this.#heart = setTimeout(() => this.#beat(), this.#options.heartbeatMs)
  }

  #beat(): void {
    this.text(`... still at it (${Math.round(this.elapsedMs() / 1000)}s)`)
  }
}
