import type { Logs } from './logs.ts'
import type { Filter } from './line.ts'

/** What somebody wants to read of a log. */
export interface LogRequest extends Filter {
  readonly environmentId: string
  readonly lines: number
  readonly tail: boolean
}

/** A sign of life is sent after so much silence, so that nothing between takes the line for dead. */
const silenceMs = 20_000
/** A reader that is so far behind is cut off: the log itself has everything. */
const waitingLimit = 10_000

/** How a line, and a sign of life, look on the wire. */
export interface Wire {
  readonly type: string
  readonly line: (text: string) => string
  readonly heartbeat: string
}

/** An empty line is a sign of life: no line of a log is empty. */
export const plainWire: Wire = {
  type: 'text/plain; charset=utf-8',
  line: (text) => `${text}\n`,
  heartbeat: '\n',
}

export const eventWire: Wire = {
  type: 'text/event-stream',
  line: (text) => `data: ${text}\n\n`,
  heartbeat: ':\n\n',
}

/** Past lines in one piece, then each new one; until aborted. */
export async function* streamLog(
  logs: Logs,
  request: LogRequest,
  wire: Wire,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const reading = await logs.read(request.environmentId, request.lines, request)
  try {
    yield reading.past.map(wire.line).join('')
    if (!request.tail) return
    let waiting: string[] = []
    let wake = Promise.withResolvers<void>()
    reading.follow((line) => {
      waiting.push(wire.line(line))
      wake.resolve()
    })
    signal.addEventListener('abort', () => wake.resolve(), { once: true })
    while (!signal.aborted && waiting.length < waitingLimit) {
      if (waiting.length === 0) await orSilence(wake.promise)
      wake = Promise.withResolvers<void>()
      if (signal.aborted) return
      const text = waiting.length === 0 ? wire.heartbeat : waiting.join('')
      waiting = []
      yield text
    }
  } finally {
    reading.stop()
  }
}

async function orSilence(wake: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, silenceMs)
  await Promise.race([wake, promise])
  clearTimeout(timer)
}
