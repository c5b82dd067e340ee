import { EngineError } from '#driver/driver.ts'
import type { OutputLine } from '#driver/driver.ts'
import { inspectContainer, pathOf, startFailure } from './container.ts'
import type { Container } from './container.ts'
import { demultiplex } from './demultiplex.ts'
import type { Piece } from './demultiplex.ts'
import { unless } from './errors.ts'
import type { Site } from './site.ts'

/**
 * What a copy wrote, line by line. A copy that is gone wrote nothing; one whose command could not
 * be executed says so in a single line.
 */
export async function* readOutput(
  site: Site,
  name: string,
  { sinceMs, follow }: { sinceMs: number; follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<OutputLine> {
  const found = await inspectContainer(site, name, signal)
  if (found === null) return
  if (startFailure(found) !== null) return yield explain(found)

  const cursor = { time: '' }
  yield* toLines(readPieces(site, name, { sinceMs, follow }, cursor, signal))
  // A follower of this engine may be sent away before the last line reaches it: look once more.
  if (follow) yield* toLines(readPieces(site, name, { sinceMs, follow: false }, cursor, signal))
}

function explain({ State, Created }: Container): OutputLine {
  return { atMs: Date.parse(Created), stream: 'stderr', text: State.Error }
}

/** Up to 16 KiB of a line, and when the engine got it (RFC 3339, always nine decimals). */
interface TimedPiece {
  readonly time: string
  readonly stream: Piece['stream']
  /** Ends in a newline when it is the last one of its line. */
  readonly text: string
}

/** The log of a container from beyond the cursor, which is moved along. */
async function* readPieces(
  site: Site,
  name: string,
  { sinceMs, follow }: { sinceMs: number; follow: boolean },
  cursor: { time: string },
  signal: AbortSignal,
): AsyncGenerator<TimedPiece> {
  const query = { stdout: true, stderr: true, timestamps: true, follow, since: sinceMs / 1000 }
  const request = { method: 'GET', path: `${pathOf(name)}/logs`, query } as const
  const doing = `read the output of ${name}`
  const log = await unless([404], site.engine.stream({ ...request, doing }, signal))
  if (log === null) return
  try {
    for await (const piece of demultiplex(log)) {
      const timed = withTime(piece)
      if (timed.time <= cursor.time) continue
      cursor.time = timed.time
      yield timed
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new EngineError(`The output of ${name} broke off.`, true, { cause: error })
  } finally {
    log.destroy()
  }
}

function withTime({ stream, bytes }: Piece): TimedPiece {
  const piece = bytes.toString()
  const space = piece.indexOf(' ')
  return { time: piece.slice(0, space), stream, text: piece.slice(space + 1) }
}

const longestLine = 256 * 1024

/** Joins the pieces of long lines; each stream has its own line open. */
export async function* toLines(pieces: AsyncIterable<TimedPiece>): AsyncGenerator<OutputLine> {
  const open = new Map<Piece['stream'], OutputLine>()
  for await (const { time, stream, text } of pieces) {
    const begun = open.get(stream) ?? { atMs: Date.parse(time), stream, text: '' }
    const line = { ...begun, text: begun.text + text }
    if (line.text.endsWith('\n') || line.text.length > longestLine) {
      open.delete(stream)
      yield { ...line, text: line.text.replace(/\r?\n$/, '') }
    } else open.set(stream, line)
  }
  yield* open.values()
}
