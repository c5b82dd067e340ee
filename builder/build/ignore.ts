/**
 * Reads a `.dockerignore`: answers whether a path is left out of the context. `*` and `?` stop at a
 * slash, `**` does not, `!` takes back, the last line that fits decides.
 */
export function parseIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(toRule)
  return (path) => {
    const last = rules.findLast(({ pattern }) => pattern.test(path))
    return last !== undefined && !last.isKept
  }
}

function toRule(line: string): { isKept: boolean; pattern: RegExp } {
  const isKept = line.startsWith('!')
  const glob = (isKept ? line.slice(1) : line).replace(/^\.?\/+/, '').replace(/\/+$/, '')
  // What lies below a directory that fits, fits.
  return { isKept, pattern: new RegExp(`^${globText(glob)}(/.*)?$`) }
}

function globText(glob: string): string {
  return glob.replace(/\*\*\/?|\*|\?|[\\^$.|+()[\]{}]/g, (found) => {
    if (found.startsWith('**')) return found === '**' ? '.*' : '(.*/)?'
    if (found === '*') return '[^/]*'
    return found === '?' ? '[^/]' : `\\${found}`
  })
}
