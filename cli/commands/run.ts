import { runDyno } from '#contract/process.ts'
import type { Dyno } from '#contract/process.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'
import { quote } from '#cli/quote.ts'
import { converse } from '#cli/session.ts'

interface Options {
  readonly tty: boolean
  readonly env?: readonly string[]
  readonly detach?: true
}

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument(
        '<command...>',
        'one word is a command line for the shell; several are run as they are',
      )
      .option('-e, --env <pair>', 'KEY=value for this run only; may be repeated', collect)
      .option('-d, --detach', 'do not attach: its output goes to the log')
      .option('--no-tty', 'give it no terminal')
      .passThroughOptions()
      .action(async (words: string[], options: Options) => {
        const app = await appName(command, cli)
        const request = { command: commandLine(words), env: readEnv(options.env) }
        if (options.detach) await detached(app, request, cli)
        else process.exitCode = await attached(app, request, options.tty, cli)
      })
      .addHelpText(
        'after',
        '\nThe exit code is that of the command (128 + n when signal n ended it).',
      ),
    'app run bash',
    "app run 'ls -l | head'",
    'app run python manage.py migrate',
    'app run -a shop psql < dump.sql',
  )

const collect = (pair: string, before: readonly string[] = []): string[] => [...before, pair]

interface Request {
  readonly command: string
  readonly env: Record<string, string>
}

function commandLine(words: readonly string[]): string {
  const [only = ''] = words
  return words.length === 1 ? only : words.map(quote).join(' ')
}

function readEnv(pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
      if (key === undefined) throw usage('--env takes KEY=value.', 'run')
      return [key, value ?? '']
    }),
  )
}

async function detached(app: string, request: Request, cli: Cli): Promise<void> {
  const dyno: Dyno = await cli.call(runDyno, {
    params: { app },
    body: { ...request, attach: false },
  })
  cli.screen.answer(dyno, () => dyno.name)
  cli.screen.say(`It runs. See its output: app logs -f --process ${dyno.name} -a ${app}`)
}

async function attached(app: string, request: Request, tty: boolean, cli: Cli): Promise<number> {
  const { screen, signal } = cli
  const { input, output } = screen
  if (screen.isJson) throw usage('--json goes with --detach only.', 'run')
  const hasTerminal = Boolean(tty && input.isTTY && output.isTTY)
  const size = hasTerminal ? { columns: output.columns, rows: output.rows } : {}
  const body = { ...request, attach: true, tty: hasTerminal, ...size }
  const dyno = await cli.call(runDyno, { params: { app }, body, seconds: 60 })
  const url = new URL(dyno.attach_url ?? '', `${await cli.server()}/`).href
  return converse(url, screen, { hasTerminal, signal })
}
