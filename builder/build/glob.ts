/** A glob that has been read. `steps` is the work that a match took, for whoever keeps a budget. */
export interface Glob {
  matches(path: string): { readonly isMatch: boolean; readonly steps: number }
}

/**
 * One state of the machine a glob becomes: a character of its own, any but a slash once (`?`) or as often
 * as it likes (`*`), any at all as often as it likes (`**`), or a way past the next two states (`**` and
 * the slash behind it fit nothing too).
 */
type State = { readonly char: string } | 'one' | 'some' | 'all' | 'fork'

/**
 * Reads a glob: `*` and `?` stop at a slash, `**` does not, and what lies below a directory that fits,
 * fits. Takes time that grows with the lengths of both and no faster, whatever a stranger wrote: a
 * regular expression of the same meaning can take years.
 */
export function readGlob(glob: string): Glob {
  const states = statesOf(glob)
  return { matches: (path) => run(states, path) }
}

function statesOf(glob: string): State[] {
  const parts = glob.match(/\*\*\/?|./gs) ?? []
  return parts.flatMap((part): State[] => {
    if (part === '**/') return ['fork', 'all', { char: '/' }]
    if (part === '**') return ['all']
    if (part === '*') return ['some']
    return part === '?' ? ['one'] : [{ char: part }]
  })
}

function run(states: readonly State[], path: string): { isMatch: boolean; steps: number } {
  let now = new Set<number>()
  let steps = 0
  enter(states, 0, now)
  for (let at = 0; at <= path.length && now.size > 0; at += 1) {
    const char = path[at]
    if (now.has(states.length) && (char === undefined || char === '/'))
      return { isMatch: true, steps }
    const next = new Set<number>()
    for (const index of now) {
      steps += 1
      const to = char === undefined ? null : after(states[index], char, index)
      if (to !== null) enter(states, to, next)
    }
    now = next
  }
  return { isMatch: false, steps }
}

/** Where a state goes by a character; null: nowhere. */
function after(state: State | undefined, char: string, index: number): number | null {
  if (state === 'all') return index
  if (state === 'some') return char === '/' ? null : index
  if (state === 'one') return char === '/' ? null : index + 1
  return typeof state === 'object' && state.char === char ? index + 1 : null
}

/** Loops and forks are left without a character too. */
function enter(states: readonly State[], index: number, into: Set<number>): void {
  if (into.has(index)) return
  into.add(index)
  const state = states[index]
  if (state === 'some' || state === 'all' || state === 'fork') enter(states, index + 1, into)
  if (state === 'fork') enter(states, index + 3, into)
}
