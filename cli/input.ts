import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { failure } from '#contract/error.ts'
import type { Cli } from './cli.ts'

/** More than this on standard input is refused: it is a password, a key or a value. */
const limitBytes = 1024 * 1024

/** All of standard input, without the line break at its end. */
export async function readInput({
  screen,
  signal,
}: Pick<Cli, 'screen' | 'signal'>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  const stop = (): void => void screen.input.destroy()
  signal.addEventListener('abort', stop, { once: true })
  for await (const part of screen.input as AsyncIterable<Buffer>) {
    size += part.length
    if (size > limitBytes) throw unreadable('more than 1 MiB')
    parts.push(part)
  }
  signal.throwIfAborted()
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

const unreadable = (reason: string): Error =>
  failure('FILE_UNREADABLE', { path: 'Standard input', reason })

/** What to say when a person would be asked and there is none: what is missing, how to give it. */
export interface Question {
  readonly text: string
  readonly what: string
  readonly command: string
}

/** Asks the person at the terminal. Throws TERMINAL_NEEDED when there is none. */
export async function ask(
  question: Question,
  cli: Pick<Cli, 'screen' | 'signal'>,
): Promise<string> {
  return prompt(question, cli, cli.screen.messages)
}

/** As `ask`, and nothing shows what is typed. */
export async function askHidden(
  question: Question,
  cli: Pick<Cli, 'screen' | 'signal'>,
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  if (cli.screen.canAsk) cli.screen.messages.write(question.text)
  const answer = await prompt({ ...question, text: '' }, cli, nowhere)
  cli.screen.messages.write('\n')
  return answer
}

async function prompt(
  { text, what, command }: Question,
  { screen, signal }: Pick<Cli, 'screen' | 'signal'>,
  output: NodeJS.WritableStream,
): Promise<string> {
  if (!screen.canAsk) throw failure('TERMINAL_NEEDED', { what, command })
  const lines = createInterface({ input: screen.input, output, terminal: true })
  const closed = Promise.withResolvers<never>()
  // Raw mode turns Ctrl-C into a key; here it becomes the signal it is everywhere else.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  lines.once('close', () => closed.reject(failure('TERMINAL_NEEDED', { what, command })))
  try {
    return await Promise.race([lines.question(text, { signal }), closed.promise])
  } finally {
    closed.promise.catch(() => undefined)
    lines.close()
  }
}
