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

const runningIn = /^ ---> Running in ([0-9a-f]{12})\n$/

/** Id of the container that the builder says a step runs in; a step may print that as well. */
export function containerIn(text: string): string | undefined {
  return runningIn.exec(text)?.[1]
}

const chores = [
  madeImage,
  runningIn,
  /^Removing intermediate container [0-9a-f]{12}\n$/,
  /^Successfully (built|tagged) \S+\n$/,
]

/**
 * Writes a build as whoever wrote the Dockerfile reads it: its steps and what they print, without
 * the builder's chores. The last `hidden` steps are our own.
 */
export function openOutput(write: (chunk: Buffer) => void, hidden: number): (text: string) => void {
  let isHidden = false
  const say = (text: string): void => void (isHidden || write(Buffer.from(text)))
  return (text) => {
    const step = /^Step (\d+)\/(\d+) : /.exec(text)
    if (step !== null) {
      const [intro, number, all] = [step[0], Number(step[1]), Number(step[2]) - hidden]
      isHidden = number > all
      say(`Step ${number}/${all} : ${text.slice(intro.length)}`)
    } else if (!chores.some((pattern) => pattern.test(text))) say(plain(text))
  }
}

const [red, normal] = ['\u001B[91m', '\u001B[0m']

/** The engine paints red what comes from standard error. */
function plain(text: string): string {
  const isPainted = text.startsWith(red) && text.endsWith(normal)
  return isPainted ? text.slice(red.length, -normal.length) : text
}
