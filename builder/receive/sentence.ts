import { randomUUID } from 'node:crypto'
import { SlipwayError } from '#contract/error.ts'
import { EngineError } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { Refused } from '#builder/refused.ts'

/** What went wrong and what to do, as the pusher reads it. */
export interface Sentence {
  /** Stage a build stopped at. */
  readonly stage: string
  readonly error: string
  readonly hint: string
}

/** Why work was cut short: `signal.abort(new Cancelled(…))`. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** Turns whatever was thrown into a sentence. What nobody foresaw is logged whole, under an id. */
export function sentenceOf(error: unknown, log: Log): Sentence {
  if (error instanceof Refused) return sentence(error.stage, error.message, error.hint)
  if (error instanceof Cancelled) return sentence('cancelled', error.message, error.hint)
  if (error instanceof SlipwayError) return sentence('controller', error.message, error.hint)
  if (error instanceof EngineError) {
    log.warn('build.engine_failed', { reason: error.message })
    return sentence('engine', plain(error.message), error.unreachable ? startIt : askOperator)
  }
  const id = randomUUID()
  log.error('push.failed', error, { id })
  return sentence('internal', 'Something went wrong on our side.', `Tell the operator: ${id}`)
}

const startIt = 'Running apps go on. Start the container engine on the host, then push again.'
const askOperator =
  'Ask the operator to look at the host (its disk, and the log of the builder), then push again.'

function sentence(stage: string, error: string, hint: string): Sentence {
  return { stage, error, hint }
}

function plain(message: string): string {
  return message.replace(/\s+/g, ' ').trim()
}
