import { openLog } from '#contract/log.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples, wholeNumber } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'
import { lines, readStream } from '#cli/stream.ts'

interface Options {
  readonly follow?: true
  readonly tail?: true
  readonly num: string
  readonly process?: string
  readonly dyno?: string
  readonly source?: string
}

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('-f, --follow', 'stay and show what comes, until Ctrl-C')
      .option('-t, --tail', 'the same')
      .option('-n, --num <lines>', 'how many lines of the past, up to 10000', '100')
      .option('-p, --process <name>', 'only this process type or process: web, web.1, router')
      .option('-d, --dyno <name>', 'the same')
      .option('-s, --source <source>', 'only `app` (its own output) or `slipway` (what we did)')
      .action(async (options: Options) => {
        const body = request(options)
        const app = await appName(command, cli)
        const session = await cli.call(openLog, { params: { app }, body })
        await print(session.logplex_url, cli)
      }),
    'app logs',
    'app logs -f --process web',
    'app logs -n 1000 --json -a shop',
  )

function request({ follow, tail, num, process, dyno, source }: Options): {
  lines: number
  tail: boolean
  dyno?: string
  source?: string
} {
  const count = wholeNumber(num, 0, 10_000)
  if (count === undefined) throw usage(`"${num}" is not a number from 0 to 10000.`, 'logs')
  if (source !== undefined && !['app', 'slipway'].includes(source)) {
    throw usage('The source of a log is app or slipway.', 'logs')
  }
  const name = process ?? dyno
  return {
    lines: count,
    tail: follow === true || tail === true,
    ...(name === undefined ? {} : { dyno: name }),
    ...(source === undefined ? {} : { source }),
  }
}

async function print(url: string, cli: Cli): Promise<void> {
  for await (const line of lines(readStream(url, cli))) {
    // A sign of life, see contract/log.ts.
    if (line === '') continue
    cli.screen.print(cli.screen.isJson ? JSON.stringify(parse(line)) : line)
  }
}

/** `2026-01-31T10:00:00.000Z app[web.1]: text` taken apart; anything else is all text. */
function parse(line: string): Record<string, string> {
  const match = /^(\S+) (\w+)\[([^\]]*)\]: (.*)$/s.exec(line)
  if (match === null) return { text: line }
  const [, at = '', source = '', dyno = '', text = ''] = match
  return { at, source, dyno, text }
}
