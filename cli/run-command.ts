import { Command, CommanderError } from 'commander'
import { failure } from '#contract/error.ts'
import type { Cli } from './cli.ts'
import { commands } from './commands.ts'
import type { CommandRow } from './commands.ts'
import { usage } from './failure.ts'
import { findCommand, nearest } from './find-command.ts'
import { overview, seeAlso } from './help.ts'

/** Finds the command asked for and runs it. Throws what it throws, or USAGE. */
export async function runCommand(argv: readonly string[], cli: Cli): Promise<void> {
  const asked = findCommand(argv)
  switch (asked.kind) {
    case 'unknown':
      throw unknown(asked.name)
    case 'help':
      return help(asked.name, cli)
    case 'command':
      return run(asked.name, asked.args, cli)
  }
}

async function help(name: string | undefined, cli: Cli): Promise<void> {
  if (name === undefined) cli.screen.print(overview())
  else await run(name, ['--help'], cli)
}

async function run(name: string, args: readonly string[], cli: Cli): Promise<void> {
  const row = commands.get(name)
  if (row === undefined) throw unknown(name)
  const command = await build(name, row, cli)
  try {
    await command.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw usage(sentence(error.message), name)
  }
}

async function build(name: string, row: CommandRow, cli: Cli): Promise<Command> {
  const command = new Command(`app ${name}`)
    .description(row.summary)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .helpOption('-h, --help', 'show this')
  const { define } = await row.load()
  define(command, cli)
  if (!command.options.some(({ long }) => long === '--json')) {
    command.option('--json', 'print JSON, as the API has it')
  }
  return command
    .option('-q, --quiet', 'print no messages but errors')
    .addHelpText('after', seeAlso(name))
}

function unknown(name: string): Error {
  const near = nearest(name)
  const guess =
    near === undefined ? 'See all of them: `app help`.' : `Did you mean \`app ${near}\`?`
  return failure('COMMAND_UNKNOWN', { command: name, guess })
}

/** `error: unknown option '--foo'` → `Unknown option "--foo".` */
function sentence(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replaceAll("'", '"')
    .replaceAll('\n', ' ')
  const end = /[.?)]$/.test(text) ? '' : '.'
  return text.charAt(0).toUpperCase() + text.slice(1) + end
}
