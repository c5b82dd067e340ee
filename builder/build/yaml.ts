import { badManifest } from './bad-manifest.ts'

/** Reads YAML that a stranger wrote. Throws Refused with the file, the place and what is wrong there. */
export async function parseYaml(text: string, file: string): Promise<unknown> {
  // Few apps have any.
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'silent' })
  const [first] = document.errors
  if (first !== undefined) {
    const { line = 1, col = 1 } = first.linePos?.[0] ?? {}
    const why = first.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? ''
    const what = `is no YAML at line ${line}, column ${col}`
    throw badManifest(file, what, `${why}. Look at its indentation and quotes.`)
  }
  try {
    return document.toJS({ maxAliasCount: 20 }) as unknown
  } catch {
    throw badManifest(file, 'repeats itself too often', 'Write it without & and *.')
  }
}
