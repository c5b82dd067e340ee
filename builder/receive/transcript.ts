import { Redactor } from '#builder/build/redact.ts'

/** What a push prints: to the pusher, and a copy that is kept. */
export interface TranscriptOptions {
  readonly show: (bytes: Buffer) => void
  readonly keep: (bytes: Buffer) => void
  /** After so much silence a line says that we are still there. */
  readonly heartbeatMs: number
}

/** Bytes of build output that are shown and kept; what comes after is left out. */
const outputLimitBytes = 8 * 1024 ** 2

/**
 * The transcript of one push, plain ASCII as far as it is ours. Git colours lines that begin with
 * `error:`, `hint:`, `success:`. Every byte goes through the redactor.
 */
export class Transcript {
  readonly #options: TranscriptOptions
  readonly #beganAt = performance.now()
  #redactor = new Redactor([])
  #heart: NodeJS.Timeout | undefined
  #atLineStart = true
  #outputBytes = 0

  constructor(options: TranscriptOptions) {
    this.#options = options
    this.#rewind()
  }

  /** Hides these values from now on. */
  hide(secrets: readonly string[]): void {
    this.#redactor = new Redactor(secrets)
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

  /** What a build printed, as it is. */
  output(chunk: Buffer): void {
    const room = outputLimitBytes - this.#outputBytes
    this.#outputBytes += chunk.length
    if (room <= 0) return
    this.#write(this.#redactor.push(chunk.subarray(0, room)))
    if (chunk.length > room) this.text('(more output than we show; the rest is left out)')
  }

  elapsedMs(): number {
    return performance.now() - this.#beganAt
  }

  /** No heartbeat any more. */
  close(): void {
    clearTimeout(this.#heart)
  }

  #line(text: string): void {
    this.#write(this.#redactor.end())
    const start = this.#atLineStart ? '' : '\n'
    const hidden = this.#whole(Buffer.from(text))
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
