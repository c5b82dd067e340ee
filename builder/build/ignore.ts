import { badManifest } from './bad-manifest.ts'
import { readGlob, type Glob } from './glob.ts'

const linesLimit = 1000
/** Work for all paths together; as many take some ten seconds. */
const stepsLimit = 500_000_000

/**
 * Reads a `.dockerignore`: answers whether a path is left out of the context. `*` and `?` stop at a
 * slash, `**` does not, `!` takes back, the last line that fits decides. Throws Refused for one that is
 * too much work, and so does what it answers.
 */
export function parseIgnore(text: string): (path: string) => boolean {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (lines.length > linesLimit) {
    throw badManifest(
      '.dockerignore',
      `has more than ${linesLimit} lines`,
      'Use patterns such as **/*.log',
    )
  }
  const rules = lines.map(toRule)
  let steps = 0
  return (path) => {
    const last = rules.findLast(({ glob }) => {
      const { isMatch, steps: more } = glob.matches(path)
      steps += more
      if (steps > stepsLimit) throw tooMuchWork()
      return isMatch
    })
    return last !== undefined && !last.isKept
  }
}

function tooMuchWork(): Error {
  const fix = 'Write fewer lines, and fewer * in each.'
  return badManifest('.dockerignore', 'takes too long to fit to the files of this app', fix)
}

function toRule(line: string): { isKept: boolean; glob: Glob } {
  const isKept = line.startsWith('!')
  const glob = (isKept ? line.slice(1) : line).replace(/^\.?\/+/, '').replace(/\/+$/, '')
  return { isKept, glob: readGlob(glob) }
}
