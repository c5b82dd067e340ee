import { readFile } from 'node:fs/promises'
import { failure } from '#contract/error.ts'
import type { Cli } from './cli.ts'
import { usage } from './failure.ts'
import { readInput } from './input.ts'

const limitBytes = 65_536

/** A page in a file, or on standard input (`-`), that the router will show. */
export async function readPage(path: string, command: string, cli: Cli): Promise<string> {
  const text = path === '-' ? await readInput(cli) : await fromFile(path)
  const size = Buffer.byteLength(text)
  if (text.trim() === '') throw usage(`${path} is empty.`, command)
  if (size <= limitBytes) return text
  throw usage(`A page may have ${limitBytes} bytes, ${path} has ${size}.`, command)
}

async function fromFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? ''
    throw failure('FILE_UNREADABLE', { path, reason }, { cause })
  }
}
