/** One or more characters that stand for themselves, in quotes of either kind or plain. */
const part = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/y
const limitChars = 200_000

/**
 * Takes a line apart as a shell would its quotes, and nothing else of a shell: no variables, no files, no
 * second command. Null when a quote is not closed.
 */
export function splitWords(line: string): string[] | null {
  if (line.length > limitChars || line.includes('\0')) return null
  const words: string[] = []
  for (let at = 0; at < line.length;) {
    const space = /\s*/y
    space.lastIndex = at
    space.exec(line)
    at = space.lastIndex
    if (at === line.length) break
    const word = readWord(line, at)
    if (word === null) return null
    words.push(word.text)
    at = word.end
  }
  return words
}

function readWord(line: string, from: number): { text: string; end: number } | null {
  let text = ''
  let at = from
  while (at < line.length && !/\s/.test(line[at] ?? '')) {
    part.lastIndex = at
    const match = part.exec(line)
    if (match === null) return null
    const [, single, double, escaped, plain] = match
    text += single ?? double?.replace(/\\(["\\$`])/gs, '$1') ?? escaped ?? plain ?? ''
    at = part.lastIndex
  }
  return { text, end: at }
}
