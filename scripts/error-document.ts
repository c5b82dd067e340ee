import { writeFile } from 'node:fs/promises'
import { exitCode } from '#cli/failure.ts'
import { errors } from '#contract/error-rows.ts'
import { SlipwayError } from '#contract/error.ts'
import type { ErrorCode } from '#contract/error.ts'

const exits = [
  ['exit code of `app`', 'means'],
  ['0', 'it worked'],
  ['1', 'it failed'],
  ['2', 'the command was called wrongly'],
  ['3', 'not logged in, or not allowed'],
  ['4', 'not found'],
  ['5', 'conflict: taken, or busy'],
  ['6', 'the build failed'],
  ['7', 'the release failed'],
  ['8', 'it took too long'],
  ['9', 'the server cannot be reached'],
  ['130', 'interrupted by Ctrl-C'],
]

/** docs/errors.md as it should be. */
export function errorDocument(): string {
  const rows = (Object.keys(errors) as ErrorCode[]).map(row)
  return `# Errors

Made from \`contract/error-rows.ts\` by \`node scripts/error-document.ts\`; a test fails when the two differ.

An answer that is an error has the row's status and the body \`{id, message, url, hint, code, request_id}\`;
\`hint\` is the next thing to do. The \`app\` command prints \`error: message\` and \`hint: fix\` on standard
error (with \`--json\` the body itself) and ends with the exit code of the row. Rows of the command
line never cross the wire; their status says what kind of error they are.

${table(exits)}

\`app run\` ends with the exit code of its command instead (128 + n when signal n ended it).

${table([['code', 'status', 'exit', 'what happened', 'what to do'], ...rows])}
`
}

function row(code: ErrorCode): string[] {
  const { status, message, fix } = errors[code]
  const anchor = `<a id="${code.toLowerCase()}"></a>${code}`
  return [anchor, String(status), exitOf(code), message, fix]
}

function exitOf(code: ErrorCode): string {
  const error = new SlipwayError(code, { message: '', hint: '' })
  return String(exitCode(error, new AbortController().signal))
}

/** A table as the formatter leaves it: every column as wide as its widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = (cells[0] ?? []).map((_, at) =>
    Math.max(...cells.map((row) => row[at]?.length ?? 0)),
  )
  const rule = widths.map((width) => '-'.repeat(width))
  return cells
    .toSpliced(1, 0, rule)
    .map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`)
    .join('\n')
}

if (import.meta.main) {
  await writeFile(new URL('../docs/errors.md', import.meta.url), errorDocument())
}
