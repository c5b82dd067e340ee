import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { EngineError } from '#driver/driver.ts'

/** A line of the engine's answer to a build. */
export interface Message {
  readonly aux?: { readonly ID?: string }
  /** What a step prints, and what the builder says in between. */
  readonly stream?: string
  readonly error?: string
  readonly errorDetail?: { readonly code?: number }
}

/** The answer, message by message; closing it makes the engine stop the build. */
export async function* readMessages(
  answer: Readable,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  try {
    for await (const line of createInterface({ input: answer })) {
      if (line !== '') yield JSON.parse(line) as Message
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new EngineError('The connection to the container engine broke off.', true, {
      cause: error,
    })
  } finally {
    answer.destroy()
  }
}

const madeImage = /^ ---> ([0-9a-f]{12})\n$/

/** Id of the image that the builder says it has come to, which a step may have printed as well. */
export function imageIn(text: string): string | undefined {
  return madeImage.exec(text)?.[1]
}

const chores = [
  madeImage,
  /^ ---> Running in [0-9a-f]{12}\n$/,
  /^Removing intermediate container [0-9a-f]{12}\n$/,
  /^Successfully (built|tagged) \S+\n$/,
  // Our own labels are written as a last step.
  /^Step \d+\/\d+ : LABEL .*slipway\.instance=/,
]

/** Whether it is of no use to whoever wrote the Dockerfile. */
export function isChore(text: string): boolean {
  return chores.some((pattern) => pattern.test(text))
}
