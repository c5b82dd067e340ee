import { styleText } from 'node:util'

/** What standard input, output and error are to us: data goes out on one, messages on the other. */
export interface Screen {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly messages: NodeJS.WriteStream
  /** `--json`: one document, or a line for each thing of a stream. */
  readonly isJson: boolean
  /** `--quiet`: no messages but errors. */
  readonly isQuiet: boolean
  /** A person can be asked: input and messages are a terminal. */
  readonly canAsk: boolean
  /** A line of data. */
  readonly print: (line: string) => void
  /** A message for the person at the terminal. */
  readonly say: (line: string) => void
  /** What a command answers: the document with `--json`, else the text made for reading. */
  readonly answer: (document: unknown, text: () => string | string[]) => void
  /** Colours text for messages, if they go to a terminal that wants it (NO_COLOR, FORCE_COLOR). */
  readonly paint: (colour: Colour, text: string) => string
}

type Colour = 'red' | 'green' | 'yellow' | 'cyan'

type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>

/** The flags are read from the words as they are, since even a usage error must keep to them. */
export function openScreen({ stdin, stdout, stderr }: Streams, words: readonly string[]): Screen {
  const isJson = words.includes('--json')
  const isQuiet = words.includes('--quiet') || words.includes('-q')
  const print = (line: string): void => void stdout.write(`${line}\n`)
  return {
    input: stdin,
    output: stdout,
    messages: stderr,
    isJson,
    isQuiet,
    canAsk: Boolean(stdin.isTTY && stderr.isTTY),
    print,
    say: (line) => void (isQuiet || stderr.write(`${line}\n`)),
    answer: (document, text) => {
      if (isJson) return print(JSON.stringify(document, null, 2))
      for (const line of [text()].flat()) print(line)
    },
    paint: (colour, text) => styleText(colour, text, { stream: stderr }),
  }
}
