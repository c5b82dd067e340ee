import { join } from 'node:path'
import type { ProcessTypes } from '#contract/release.ts'
import { readPlainFile } from './files.ts'
import { parseProcfile } from './procfile.ts'

/** The process types of the Procfile in a directory; none when there is no Procfile. */
export async function readProcfile(directory: string): Promise<ProcessTypes> {
  const text = await readPlainFile(join(directory, 'Procfile'), 1024 ** 2)
  return text === null ? {} : parseProcfile(text)
}
