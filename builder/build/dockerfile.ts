/** An instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  /** Of its first line, from 1. */
  readonly line: number
  /** In capitals. */
  readonly keyword: string
  /** What follows the keyword, blanks folded. */
  readonly rest: string
}

/** What we must know of a Dockerfile; what it means is for the engine to say. */
export interface Dockerfile {
  /** Image of another front end (`# syntax=…`), and its line. */
  readonly syntax: { readonly line: number; readonly image: string } | null
  readonly instructions: readonly Instruction[]
  /** Build arguments that some `ARG` declares. */
  readonly args: ReadonlySet<string>
  /** Names of its stages. */
  readonly stages: readonly string[]
}

export function readDockerfile(text: string): Dockerfile {
  const lines = text.split(/\r?\n/)
  const directives = directivesIn(lines)
  const instructions = instructionsIn(lines, directives.get('escape')?.value === '`' ? '`' : '\\')
  const of = (keyword: string): Instruction[] =>
    instructions.filter((instruction) => instruction.keyword === keyword)
  const syntax = directives.get('syntax')
  return {
    syntax: syntax === undefined ? null : { line: syntax.line, image: syntax.value },
    instructions,
    args: new Set(of('ARG').flatMap(({ rest }) => rest.split(' ').map(nameIn))),
    stages: of('FROM').flatMap(({ rest }) => / as (\S+)$/i.exec(rest)?.[1]?.toLowerCase() ?? []),
  }
}

interface Directive {
  readonly line: number
  readonly value: string
}

/** Comments of the form `# name=value` before anything else. */
function directivesIn(lines: readonly string[]): Map<string, Directive> {
  const found = new Map<string, Directive>()
  for (const [index, text] of lines.entries()) {
    const [, name, value] = /^\s*#\s*([a-z]+)\s*=\s*(\S+)\s*$/i.exec(text) ?? []
    if (name === undefined || value === undefined) break
    found.set(name.toLowerCase(), { line: index + 1, value })
  }
  return found
}

function instructionsIn(lines: readonly string[], escape: string): Instruction[] {
  const found: Instruction[] = []
  let [line, joined] = [0, '']
  for (const [index, text] of lines.entries()) {
    if (/^\s*(#|$)/.test(text)) continue
    const goesOn = text.trimEnd().endsWith(escape)
    const part = goesOn ? text.trimEnd().slice(0, -1) : text
    if (line === 0) line = index + 1
    joined += ` ${part}`
    if (goesOn) continue
    found.push(instructionOf(line, joined))
    ;[line, joined] = [0, '']
  }
  return line === 0 ? found : [...found, instructionOf(line, joined)]
}

function instructionOf(line: number, text: string): Instruction {
  const [, keyword = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(folded(text)) ?? []
  return { line, keyword: keyword.toUpperCase(), rest }
}

export function folded(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function nameIn(declaration: string): string {
  return declaration.split('=')[0] ?? ''
}
