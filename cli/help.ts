import { commands, topics } from './commands.ts'
import { columns } from './table.ts'

const environment = `Environment
  DEIS_APP       the app, when -a does not name it
  DEIS_URL       address of the server (default: the one logged in to, http://localhost:8000)
  DEIS_TOKEN     a token, instead of the one \`app login\` keeps
  DEIS_TIMEOUT   seconds to wait for an answer (default: 30)
  NO_COLOR       no colours; DEBUG=1: show where an error comes from`

/** What `app` and `app help` print. */
export function overview(): string {
  const width = Math.max(...[...commands.keys()].map((name) => name.length))
  const parts = Object.entries(topics).map(([topic, rows]) =>
    [topic, ...Object.entries(rows).map(([name, row]) => line(name, row.summary, width))].join(
      '\n',
    ),
  )
  return [
    'Push code, get a page: `app create`, then `git push deis main`.',
    'Usage: app COMMAND [arguments]',
    ...parts,
    environment,
    'More about one: `app help COMMAND`. `config:set` and `config set` are the same.',
  ].join('\n\n')
}

const line = (name: string, summary: string, width: number): string =>
  `  ${name.padEnd(width)}  ${summary}`

/** The other commands of the same topic: `config:set` beside `config`. */
export function seeAlso(name: string): string {
  const [topic] = name.split(':')
  const others = [...commands].filter(
    ([other]) => other !== name && (other === topic || other.startsWith(`${topic}:`)),
  )
  if (others.length === 0) return ''
  const rows = others.map(([other, { summary }]) => [`  app ${other}`, summary])
  return `\nSee also:\n${columns(rows).join('\n')}`
}
