import type { BodyOf } from '#contract/endpoint.ts'
import type { appendLines } from '#contract/log.ts'
import type { Log } from '#lib/log.ts'
import { accessLine } from './line.ts'
import type { LineBuffer, LineOwner } from './line-buffer.ts'

/** Lines by app, as the controller takes them. */
export type Batch = BodyOf<typeof appendLines>

/**
 * Takes a batch to the controller. `gone`: nobody took it, and nobody else will; `away`: nobody is
 * there at the moment.
 */
export type Send = (batch: Batch) => Promise<'taken' | 'gone' | 'away'>

/** Lines of one batch: writing them holds up requests for about a millisecond. */
const batchLines = 400
/** How long a batch is kept for a controller that is away. */
const patienceMs = 30_000

type Counts = Map<LineOwner, number>

/** A batch that was not taken yet. */
interface Kept {
  readonly batch: Batch
  /** Lines in it, and lines it says were left out. */
  readonly lines: Counts
  readonly dropped: Counts
  readonly sinceMs: number
}

/** Ships what is in the buffer, one batch at a time. Never waits for the controller anywhere else. */
export class Shipper {
  readonly #buffer: LineBuffer
  readonly #send: Send
  readonly #log: Log
  #kept: Kept | null = null
  #shipping: Promise<void> | null = null
  #wasAway = false
  #shipped = 0

  constructor(buffer: LineBuffer, send: Send, log: Log) {
    this.#buffer = buffer
    this.#send = send
    this.#log = log
  }

  /** Lines that the controller has taken. */
  get shipped(): number {
    return this.#shipped
  }

  /** Ships all there is, unless that goes on already. */
  ship(): Promise<void> {
    this.#shipping ??= this.#shipAll()
      .catch((error: unknown) => this.#log.error('lines.bug', error))
      .finally(() => (this.#shipping = null))
    return this.#shipping
  }

  async #shipAll(): Promise<void> {
    for (;;) {
      this.#kept ??= this.#next()
      if (this.#kept === null) return
      const answer = await this.#send(this.#kept.batch)
      this.#say(answer)
      if (answer === 'away' && Date.now() - this.#kept.sinceMs < patienceMs) return
      if (answer !== 'taken') this.#giveUp(this.#kept)
      else this.#shipped += total(this.#kept.lines)
      this.#kept = null
      if (answer !== 'taken') return
    }
  }

  /** The next batch, with what was left out before it; null when there is nothing. */
  #next(): Kept | null {
    const logs = new Map<LineOwner, Batch['logs'][number]>()
    const lines: Counts = new Map()
    const dropped: Counts = new Map()
    const add = (owner: LineOwner, at: number, text: string): void => {
      const { app, environment } = owner
      const log = logs.get(owner) ?? { app, environment, lines: [] }
      logs.set(owner, log)
      log.lines.push({ at, text })
    }
    this.#buffer.drain(batchLines, (owner, line) => {
      add(owner, line.atMs, accessLine(line))
      lines.set(owner, (lines.get(owner) ?? 0) + 1)
    })
    this.#buffer.drainDropped((owner, count) => {
      add(owner, Date.now(), droppedLine(count))
      dropped.set(owner, count)
    })
    const sinceMs = Date.now()
    return logs.size === 0 ? null : { batch: { logs: [...logs.values()] }, lines, dropped, sinceMs }
  }

  /** They are said later, with those that are left out meanwhile. */
  #giveUp({ lines, dropped }: Kept): void {
    for (const [owner, count] of lines) this.#buffer.drop(owner, count)
    for (const [owner, count] of dropped) this.#buffer.unsay(owner, count)
  }

  #say(answer: Awaited<ReturnType<Send>>): void {
    const isAway = answer !== 'taken'
    if (isAway !== this.#wasAway) {
      if (isAway) this.#log.warn('lines.not_taken', { answer })
      else this.#log.info('lines.taken_again')
    }
    this.#wasAway = isAway
  }
}

function droppedLine(count: number): string {
  return `at=warning ${count.toLocaleString('en-US')} ${count === 1 ? 'line was' : 'lines were'} dropped`
}

function total(counts: Counts): number {
  let sum = 0
  for (const count of counts.values()) sum += count
  return sum
}
