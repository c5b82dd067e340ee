import { commands } from './commands.ts'

/** What was asked for, and the arguments that remain. */
export type Asked =
  | { readonly kind: 'command'; readonly name: string; readonly args: readonly string[] }
  | { readonly kind: 'help'; readonly name: string | undefined }
  | { readonly kind: 'unknown'; readonly name: string }

const names: ReadonlyMap<string, string> = new Map(
  [...commands].flatMap(([name, { aliases = [] }]) =>
    [name, ...aliases].map((word): [string, string] => [word, name]),
  ),
)

/** Options that may stand before the command and take the next word as their value. */
const withValue = new Set(['-a', '--app', '-r', '--remote', '-n', '--num', '-e', '--env'])

/** Finds the command: `config:set`, `config set`, `apps:create`, `-a shop config`, `help config`. */
export function findCommand(argv: readonly string[]): Asked {
  const at = commandIndex(argv)
  if (at === undefined) return withoutCommand(argv)
  const before = argv.slice(0, at)
  const { name, words } = nameAt(argv, at)
  if (argv[at] === 'help') return helpFor(argv.slice(at + 1))
  if (name === undefined) return { kind: 'unknown', name: argv[at] ?? '' }
  return { kind: 'command', name, args: [...before, ...argv.slice(at + words)] }
}

/** The words that are ours: not those of the command line given to `run`, nor what follows `--`. */
export function ownWords(argv: readonly string[]): readonly string[] {
  const asked = findCommand(argv)
  if (asked.kind !== 'command') return argv
  const end = asked.name === 'run' ? commandIndex(asked.args) : asked.args.indexOf('--')
  return end === undefined || end === -1 ? asked.args : asked.args.slice(0, end)
}

function commandIndex(argv: readonly string[]): number | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    if (withValue.has(word)) at += 1
    else if (!word.startsWith('-')) return at
  }
  return undefined
}

function withoutCommand(argv: readonly string[]): Asked {
  const isVersion = argv.some((word) => word === '--version' || word === '-v' || word === '-V')
  if (isVersion) return { kind: 'command', name: 'version', args: [] }
  return { kind: 'help', name: undefined }
}

function helpFor(words: readonly string[]): Asked {
  if (words.length === 0) return { kind: 'help', name: undefined }
  const { name } = nameAt(words, 0)
  return name === undefined ? { kind: 'unknown', name: words[0] ?? '' } : { kind: 'help', name }
}

/** The command that begins at a word; two words are tried first, so that `config set` is one. */
function nameAt(
  argv: readonly string[],
  at: number,
): { readonly name: string | undefined; readonly words: number } {
  const pair = names.get(`${argv[at]}:${argv[at + 1]}`)
  if (pair !== undefined) return { name: pair, words: 2 }
  return { name: names.get(argv[at] ?? ''), words: 1 }
}

/** The command most like a word, if one is like it at all. */
export function nearest(word: string): string | undefined {
  const near = [...names.keys()]
    .map((name) => ({ name, distance: distance(word, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .toSorted((a, b) => a.distance - b.distance)
  const begun = [...names.keys()].find((name) => word.length > 1 && name.startsWith(word))
  return near[0]?.name ?? begun
}

/** Edits between two words; a letter more, less, other, or two swapped each count as one. */
function distance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + other,
        isSwap ? at(before, j - 2) + 1 : Infinity,
      )
    }
    ;[before, last] = [last, row]
  }
  return at(last, b.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity
