import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A program that ended badly. `message` has the end of its standard error. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Buffer
  /** More output than this ends the program; 1 MiB unless told. */
  readonly maxBytes?: number
}

/** Runs a program to its end and answers its standard output. Killed when `signal` aborts. */
export async function run(
  argv: readonly string[],
  { env = {}, input = '', maxBytes = 1024 ** 2 }: ProgramOptions,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  await stream(argv, { env, input }, signal, (chunk) => {
    size += chunk.length
    if (size > maxBytes) throw new ProgramError(`${argv[0]}: more than ${maxBytes} bytes of output`)
    chunks.push(chunk)
  })
  return Buffer.concat(chunks)
}

/** As `run`, but hands the output over as it comes; when `onChunk` throws, the program is killed. */
export async function stream(
  argv: readonly string[],
  { env = {}, input = '' }: ProgramOptions,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  signal.throwIfAborted()
  const [file = '', ...rest] = argv
  const child = spawn(file, rest, { env: { PATH: programPath, ...env }, stdio: 'pipe' })
  const ended = once(child, 'close') as Promise<[number | null]>
  ended.catch(() => undefined)
  const stop = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', stop)
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const complaint = tail(child)
  try {
    for await (const chunk of child.stdout) onChunk(chunk as Buffer)
    const [code] = await ended
    signal.throwIfAborted()
    if (code !== 0) throw new ProgramError(`${file} ended with ${code}: ${complaint()}`)
  } finally {
    stop()
    signal.removeEventListener('abort', stop)
  }
}

/** Where the system's programs are; the builder's own PATH is not handed on. */
export const programPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function tail(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2000)
  })
  return () => text.trim()
}
