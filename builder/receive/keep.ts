import { setTimeout as sleep } from 'node:timers/promises'
import { StringDecoder } from 'node:string_decoder'
import type { Peer } from '#contract/call.ts'
import { appendOutput } from '#contract/push.ts'
import { ask, isAway } from '#builder/ask.ts'

/** At most four calls a second, and so much per call. */
const pauseMs = 250
const batchChars = 64 * 1024

/**
 * Hands the transcript of a build to the controller as it grows. Best effort: a controller that is away
 * gets it when it is back, and a push never fails for it.
 */
export class OutputKeeper {
  readonly #controller: Peer
  readonly #signal: AbortSignal
  readonly #decoder = new StringDecoder('utf8')
  #build: string | null = null
  #text = ''
  #offset = 0
  #running: Promise<void> | null = null
  #sentAt = 0
  #hurry = new AbortController()

  constructor(controller: Peer, signal: AbortSignal) {
    this.#controller = controller
    this.#signal = signal
  }

  push(bytes: Buffer): void {
    this.#text += this.#decoder.write(bytes)
    if (this.#build !== null) this.#running ??= this.#run(this.#build)
  }

  /** From here on it is known which build the output belongs to. */
  open(build: string): void {
    this.#build = build
    if (this.#text !== '') this.#running ??= this.#run(build)
  }

  /** Waits until all is handed over, or the controller stays away. */
  async flush(): Promise<void> {
    this.#hurry.abort()
    await this.#running
    this.#hurry = new AbortController()
  }

  async #run(build: string): Promise<void> {
    let misses = 0
    while (this.#text !== '' && misses < 20) {
      await this.#pace(misses > 0)
      misses = (await this.#send(build)) ? 0 : misses + 1
    }
    this.#running = null
  }

  /** In a hurry only a controller that is away is waited for. */
  async #pace(isAwayNow: boolean): Promise<void> {
    const restMs = this.#sentAt + pauseMs - performance.now()
    const waking = isAwayNow ? {} : { signal: this.#hurry.signal }
    if (restMs > 0) await sleep(restMs, undefined, waking).catch(() => undefined)
    this.#sentAt = performance.now()
  }

  async #send(build: string): Promise<boolean> {
    const text = wholeCharacters(this.#text.slice(0, batchChars))
    const body = { offset: this.#offset, text }
    try {
      await ask(this.#controller, appendOutput, { params: { build }, body }, this.#signal)
    } catch (error) {
      if (isAway(error) && !this.#signal.aborted) return false
    }
    this.#offset += Buffer.byteLength(text)
    this.#text = this.#text.slice(text.length)
    return true
  }
}

/** Without half a surrogate pair at its end. */
function wholeCharacters(text: string): string {
  return /[\uD800-\uDBFF]$/.test(text) && text.length > 1 ? text.slice(0, -1) : text
}
