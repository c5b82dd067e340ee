import { readFile } from 'node:fs/promises'
import { failure } from '#contract/error.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples, waits } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeConfig } from '#cli/config-change.ts'
import { usage } from '#cli/failure.ts'
import { readInput } from '#cli/input.ts'

export const define: Define = (command, cli) =>
  examples(
    waits(aboutApp(command))
      .argument(
        '<pairs...>',
        'KEY=value; KEY@file for the content of a file, KEY@- for standard input',
      )
      .action(async (pairs: string[], { wait }: { wait: boolean }) => {
        const change = await readPairs(pairs, cli)
        const app = await appName(command, cli)
        await changeConfig({ app, change, wait, did: 'Set' }, cli)
      })
      .addHelpText(
        'after',
        '\nSecrets given as KEY=value are seen by `ps` and kept by the history of the shell;\nKEY@file and KEY@- are not. One line break at the end of what is read is left out.',
      ),
    'app config:set LOG_LEVEL=debug COLOUR=blue',
    'app config:set DATABASE_PASSWORD@- < password.txt',
    'app config:set TLS_KEY@./server.key --no-wait',
  )

async function readPairs(pairs: readonly string[], cli: Cli): Promise<Record<string, string>> {
  if (pairs.filter((pair) => /^[^=@]*@-$/.test(pair)).length > 1) {
    throw usage('Standard input can be read for one key only.', 'config:set')
  }
  const change: Record<string, string> = Object.create(null) as Record<string, string>
  for (const pair of pairs) {
    const [, key = '', sign, value = ''] = /^([^=@]+)([=@])(.*)$/s.exec(pair) ?? []
    if (sign === undefined) throw notPair(pair)
    change[key] = sign === '=' ? value : await readValue(value, cli)
  }
  return change
}

/** Says where the mistake is without repeating what may be a secret. */
function notPair(pair: string): Error {
  const key = /^\w{1,40}$/.test(pair) ? `"${pair}" has no value` : 'One of them is no pair'
  return usage(`${key}: write KEY=value.`, 'config:set')
}

async function readValue(path: string, cli: Cli): Promise<string> {
  if (path === '-') return readInput(cli)
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? ''
    throw failure('FILE_UNREADABLE', { path, reason }, { cause })
  }
}
