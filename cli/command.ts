import type { Command } from 'commander'
import type { Cli } from './cli.ts'

/** What a file of commands/ exports: it adds arguments, options and the action to its command. */
export type Define = (command: Command, cli: Cli) => Command

/** `-a` and `-r`, for commands about one app. */
export function aboutApp(command: Command): Command {
  return command
    .option('-a, --app <name>', 'the app (default: DEIS_APP, else the git remote)')
    .option('-r, --remote <name>', 'the git remote to take the app from', 'deis')
}

/** `--no-wait`, for commands that make a deployment. */
export function waits(command: Command): Command {
  return command.option('--no-wait', 'do not wait until it is live')
}

/** Examples, shown below the options. */
export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

/** A whole number from `min` to `max`, or undefined. */
export function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? value : undefined
}
