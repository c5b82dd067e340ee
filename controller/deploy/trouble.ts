import { SlipwayError } from '#contract/error.ts'
import { EngineError } from '#driver/driver.ts'

/** What a pusher may be told of an error that is not theirs. */
export function troubleIn(error: unknown): string {
  if (error instanceof EngineError || error instanceof SlipwayError) return error.message
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  return 'an error of the platform itself, see its log'
}
