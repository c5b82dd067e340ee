import { attach } from './attach.ts'
import type { Attachment } from './attach.ts'
import type { Screen } from './screen.ts'

export interface SessionOptions {
  /** The command has a terminal: keys go over as they are typed, and so does the window's size. */
  readonly hasTerminal: boolean
  /** Aborted by Ctrl-C, when that is a signal and not a key. */
  readonly signal: AbortSignal
}

/** Joins our input and output with an attached one-off until it ends; its exit code. */
export async function converse(
  url: string,
  screen: Screen,
  { hasTerminal, signal }: SessionOptions,
): Promise<number> {
  const ended = Promise.withResolvers<number>()
  const { output, messages, input } = screen
  const out = { stdout: output, stderr: messages }
  const line: Attachment = await attach(
    url,
    {
      onOutput: (kind, payload) => {
        if (out[kind].write(payload)) return
        line.pause()
        out[kind].once('drain', () => line.resume())
      },
      onExit: ended.resolve,
      onLost: ended.reject,
    },
    signal,
  )
  const stops = [sendInput(line, input), passInterrupt(line, signal, ended.reject)]
  if (hasTerminal) stops.push(takeTerminal(line, screen))
  try {
    return await ended.promise
  } finally {
    for (const stop of stops) stop()
    line.close()
  }
}

/** What must be undone when the session ends. */
type Stop = () => void

function sendInput(line: Attachment, input: NodeJS.ReadStream): Stop {
  const onData = (chunk: Buffer): void => {
    line.send('input', chunk)
    input.pause()
    line.whenFree(() => input.resume())
  }
  const onEnd = (): void => line.send('end')
  input.on('data', onData).once('end', onEnd).once('error', onEnd)
  return () => void input.off('data', onData).off('end', onEnd).off('error', onEnd).pause()
}

/** Ctrl-C goes to the command, which decides; the next one ends us, see main.ts. */
function passInterrupt(
  line: Attachment,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): Stop {
  const onAbort = (): void => {
    line.send('signal', Buffer.from('SIGINT'))
    setTimeout(() => fail(signal.reason), 10_000).unref()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  return () => signal.removeEventListener('abort', onAbort)
}

function takeTerminal(line: Attachment, { input, output }: Screen): Stop {
  const resize = (): void => {
    const size = new DataView(new ArrayBuffer(4))
    size.setUint16(0, output.columns)
    size.setUint16(2, output.rows)
    line.send('resize', new Uint8Array(size.buffer))
  }
  const release = (): void => void input.setRawMode(false)
  input.setRawMode(true)
  output.on('resize', resize)
  process.once('exit', release)
  resize()
  return () => {
    release()
    output.off('resize', resize)
    process.off('exit', release)
  }
}
